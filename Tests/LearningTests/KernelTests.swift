import CKernels
import Foundation
import Tensors
import Testing

@testable import Learning

/// Layers in double precision, written as their definitions: the oracle of the fast loops.
private enum Oracle {
  /// y[o](i, j) = b[o] + Σ w[o][c][a][b] x[c](i + a − 1, j + b − 1), circular. x: (inputs, L, L), w: (outputs, inputs, 9).
  static func convolve(_ x: [Double], _ w: [Double], bias: [Double], sites: Int) -> [Double] {
    let (inputs, outputs) = (x.count / (sites * sites), bias.count)
    var y: [Double] = []
    for o in 0..<outputs {
      for i in 0..<sites {
        for j in 0..<sites {
          var sum = bias[o]
          for c in 0..<inputs {
            for tap in 0..<9 {
              let row = (i + tap / 3 - 1 + sites) % sites
              let column = (j + tap % 3 - 1 + sites) % sites
              sum += w[(o * inputs + c) * 9 + tap] * x[(c * sites + row) * sites + column]
            }
          }
          y.append(sum)
        }
      }
    }
    return y
  }

  /// y = s tanh(γ (x − mean) / √(variance + 10⁻⁵) + β) over the channels of each site. x: (C, L, L).
  static func normaliseTanh(_ x: [Double], gamma: [Double], beta: [Double], scale: [Double]) -> [Double] {
    let channels = gamma.count
    let size = x.count / channels
    var y = x
    for site in 0..<size {
      let column = (0..<channels).map { x[$0 * size + site] }
      let mean = column.reduce(0, +) / Double(channels)
      let variance = column.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(channels)
      for c in 0..<channels {
        y[c * size + site] = scale[c] * tanh(gamma[c] * (column[c] - mean) / (variance + 1e-5).squareRoot() + beta[c])
      }
    }
    return y
  }

  /// d(Σ r f)/d(parameters[k]) by central differences.
  static func slope(
    _ parameters: [Double], _ k: Int, weights r: [Double], _ f: ([Double]) -> [Double]
  ) -> Double {
    let h = 1e-5
    func value(_ step: Double) -> Double {
      var moved = parameters
      moved[k] += step
      return zip(r, f(moved)).map { $0 * $1 }.reduce(0, +)
    }
    return (value(h) - value(-h)) / (2 * h)
  }
}

/// Tensors in the order of the kernels, from and to row-major (channels, L, L).
private struct Plane {
  let planes: Planes
  init(_ sites: Int) { planes = Planes(fastestFor: sites) }

  private func site(_ i: Int, _ j: Int) -> Int {
    let (sites, edge) = (planes.sites, Int(planes.kernel.edge))
    guard edge > 0 else { return (i + 1) * (sites + 2) + j + 1 }
    return 16 * (i % edge * edge + j % edge) + i / edge * 4 + j / edge
  }

  func buffer(_ channels: Int) -> FloatBuffer { FloatBuffer(count: channels * planes.stride + 2 * planes.slack) }

  func load(_ values: [Double], into buffer: borrowing FloatBuffer, periodic: Bool) -> UnsafeMutablePointer<Float> {
    let (sites, start) = (planes.sites, buffer.pointer + planes.slack)
    let channels = values.count / (sites * sites)
    for c in 0..<channels {
      for i in 0..<sites {
        for j in 0..<sites { start[c * planes.stride + site(i, j)] = Float(values[(c * sites + i) * sites + j]) }
      }
    }
    var g = planes.kernel
    if periodic { holstream_fill_halo(&g, start, Int32(channels)) }
    return start
  }

  func read(_ start: UnsafePointer<Float>, _ channels: Int) -> [Double] {
    let sites = planes.sites
    return (0..<(channels * sites * sites)).map { k in
      Double(start[k / (sites * sites) * planes.stride + site(k / sites % sites, k % sites)])
    }
  }
}

struct KernelTests {
  private func numbers(_ count: Int, _ purpose: UInt64) -> [Double] {
    var random = CounterRandom(seed: 3, purpose: .evaluation, trajectory: purpose)
    // Exact in single precision, so that the kernels see the same numbers.
    return (0..<count).map { _ in Double(Float(random.normal())) }
  }

  private func largest(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? 0 }

  /// Sizes that 16 divides go through Winograd's algorithm, 48 with tiles that touch no edge; the others do not.
  static let sizes = [2, 6, 8, 10, 16, 32, 48]

  @Test("The convolution, its adjoint and the gradient of its weights are those of the definition", arguments: sizes)
  func convolution(sites: Int) {
    let (inputs, outputs) = (5, 11)
    let plane = Plane(sites)
    var g = plane.planes.kernel
    let size = sites * sites
    let (x, r) = (numbers(inputs * size, 1), numbers(outputs * size, 2))
    let (w, b) = (numbers(outputs * inputs * 9, 3), numbers(outputs, 4))
    let (single, bias) = (w.map { Float($0) }, b.map { Float($0) })
    let xs = plane.buffer(inputs)
    let ys = plane.buffer(outputs)
    let rs = plane.buffer(outputs)
    let ds = plane.buffer(inputs)
    let ps = FloatBuffer(count: 36 * 16 * 16)
    let qs = FloatBuffer(count: 36 * 16 * 16)
    let scratch = FloatBuffer(
      count: holstream_winograd_planes_count(&g, 11, 0) + holstream_winograd_planes_count(&g, 11, 1)
        + holstream_winograd_product_count(&g, 11, 1) + holstream_winograd_product_count(&g, 5, 0)
        + holstream_winograd_weights_count(&g, 11))
    let start = plane.load(x, into: xs, periodic: true)
    let y = ys.pointer + plane.planes.slack
    let d = ds.pointer + plane.planes.slack
    let expected = Oracle.convolve(x, w, bias: b, sites: sites)

    // Winograd's rounding error is about twice that of the direct sum; outputs are of order √45.
    let isLanes = g.edge > 0
    for compact: Int32 in isLanes ? [0, 1] : [0] {
      if isLanes {
        if compact == 1 {
          holstream_pack(single, 11, 5, 9, ps.pointer)
        } else {
          holstream_winograd_pack(single, 11, 5, ps.pointer)
        }
        holstream_winograd_convolve(&g, start, 5, ps.pointer, compact, bias, nil, y, 11, scratch.pointer)
      } else {
        holstream_pack(single, 11, 5, 9, ps.pointer)
        holstream_convolve(&g, start, 5, 9, ps.pointer, bias, nil, y, 11)
      }
      #expect(largest(plane.read(y, outputs), expected) < 3e-5)

      // The adjoint: <r, w ∗ x> has the slope wᵀ ∗ r.
      let gradient = plane.load(r, into: rs, periodic: false)
      var sums = [Float](repeating: 0, count: holstream_winograd_sums_count(5, 11))
      var dw = [Float](repeating: 0, count: w.count)
      if isLanes {
        holstream_winograd_weights(&g, start, 5, gradient, 11, 0, &sums, scratch.pointer)
        let first = sums
        holstream_winograd_weights(&g, start, 5, gradient, 11, 1, &sums, scratch.pointer)
        #expect(sums == first, "Fresh sums forget what was there.")
        holstream_winograd_finish(sums, 5, 11, &dw)
        if compact == 1 {
          holstream_pack_adjoint(single, 11, 5, 9, qs.pointer)
        } else {
          holstream_winograd_pack_adjoint(single, 11, 5, qs.pointer)
        }
        holstream_winograd_convolve(&g, gradient, 11, qs.pointer, compact, nil, nil, d, 5, scratch.pointer)
      } else {
        holstream_convolve_weights(&g, start, 5, 9, gradient, 11, &dw)
        holstream_pack_adjoint(single, 11, 5, 9, qs.pointer)
        holstream_fill_halo(&g, gradient, 11)
        holstream_convolve(&g, gradient, 11, 9, qs.pointer, nil, nil, d, 5)
      }
      let dx = plane.read(d, inputs)
      guard sites <= 16 else { continue }
      for k in stride(from: 0, to: x.count, by: x.count / 7 + 1) {
        let slope = Oracle.slope(x, k, weights: r) { Oracle.convolve($0, w, bias: b, sites: sites) }
        #expect(abs(dx[k] - slope) < 1e-4 * max(1, abs(slope)))
      }
      for k in stride(from: 0, to: w.count, by: 97) {
        let slope = Oracle.slope(w, k, weights: r) { Oracle.convolve(x, $0, bias: b, sites: sites) }
        #expect(abs(Double(dw[k]) - slope) < 1e-4 * max(1, abs(slope)))
      }
    }
  }

  @Test(
    "On large lattices the adjoint and the weights' gradient satisfy <r, w ∗ x> = <wᵀ ∗ r, x> = <dw, w>",
    arguments: [32, 48])
  func adjointness(sites: Int) {
    let plane = Plane(sites)
    var g = plane.planes.kernel
    let size = sites * sites
    let (x, r, w) = (numbers(5 * size, 1), numbers(11 * size, 2), numbers(11 * 5 * 9, 3))
    let single = w.map { Float($0) }
    let xs = plane.buffer(5)
    let rs = plane.buffer(11)
    let ds = plane.buffer(5)
    let packed = FloatBuffer(count: 36 * 16 * 16)
    let scratch = FloatBuffer(
      count: holstream_winograd_planes_count(&g, 11, 0) + holstream_winograd_planes_count(&g, 11, 1)
        + holstream_winograd_product_count(&g, 11, 1) + holstream_winograd_product_count(&g, 5, 0)
        + holstream_winograd_weights_count(&g, 11))
    let start = plane.load(x, into: xs, periodic: true)
    let gradient = plane.load(r, into: rs, periodic: false)
    let y = Oracle.convolve(x, w, bias: [Double](repeating: 0, count: 11), sites: sites)
    let expected = zip(r, y).map { $0 * $1 }.reduce(0, +)
    holstream_winograd_pack_adjoint(single, 11, 5, packed.pointer)
    holstream_winograd_convolve(
      &g, gradient, 11, packed.pointer, 0, nil, nil, ds.pointer, 5, scratch.pointer)
    let adjoint = zip(plane.read(ds.pointer, 5), x).map { $0 * $1 }.reduce(0, +)
    var sums = [Float](repeating: 0, count: holstream_winograd_sums_count(5, 11))
    var dw = [Float](repeating: 0, count: w.count)
    holstream_winograd_weights(&g, start, 5, gradient, 11, 0, &sums, scratch.pointer)
    holstream_winograd_finish(sums, 5, 11, &dw)
    let weights = zip(dw, w).map { Double($0) * $1 }.reduce(0, +)
    let scale = Double(size * 11).squareRoot() * 45.0.squareRoot()
    #expect(abs(adjoint - expected) < 1e-5 * scale)
    #expect(abs(weights - expected) < 1e-5 * scale)
  }

  @Test("Normalisation with tanh and its gradients agree with finite differences", arguments: [6, 16])
  func normalisation(sites: Int) {
    let channels = 5
    let plane = Plane(sites)
    var g = plane.planes.kernel
    let size = sites * sites
    let (x, r) = (numbers(channels * size, 5), numbers(channels * size, 6))
    let (gamma, beta) = (numbers(channels, 7), numbers(channels, 8))
    let scale = [1.25, 0, 1.25, 1.25, 1]
    let xs = plane.buffer(channels)
    let ys = plane.buffer(channels)
    let rs = plane.buffer(channels)
    let ds = plane.buffer(channels)
    let mean = plane.buffer(1)
    let rstd = plane.buffer(1)
    let inside = plane.buffer(1)
    let scratch = FloatBuffer(count: 32 * channels)
    plane.planes.writeSites(to: inside.pointer)
    let start = plane.load(x, into: xs, periodic: true)
    let (y, d) = (ys.pointer + plane.planes.slack, ds.pointer + plane.planes.slack)
    let single = (gamma.map { Float($0) }, beta.map { Float($0) }, scale.map { Float($0) })
    holstream_normalise_tanh(&g, start, 5, single.0, single.1, single.2, mean.pointer, rstd.pointer, y)
    #expect(
      largest(
        plane.read(y, channels), Oracle.normaliseTanh(x, gamma: gamma, beta: beta, scale: scale)) < 2e-6)

    var (dGamma, dBeta) = ([Float](repeating: 0, count: 5), [Float](repeating: 0, count: 5))
    let gradient = plane.load(r, into: rs, periodic: false)
    holstream_normalise_tanh_backward(
      &g, inside.pointer, gradient, y, single.2, start, mean.pointer, rstd.pointer, single.0, 5, nil, d, &dGamma,
      &dBeta, scratch.pointer)
    let dx = plane.read(d, channels)
    for k in stride(from: 0, to: x.count, by: x.count / 20) {
      let slope = Oracle.slope(x, k, weights: r) {
        Oracle.normaliseTanh($0, gamma: gamma, beta: beta, scale: scale)
      }
      #expect(abs(dx[k] - slope) < 1e-5 * max(1, abs(slope)))
    }
    for k in 0..<channels {
      let toGamma = Oracle.slope(gamma, k, weights: r) {
        Oracle.normaliseTanh(x, gamma: $0, beta: beta, scale: scale)
      }
      let toBeta = Oracle.slope(beta, k, weights: r) {
        Oracle.normaliseTanh(x, gamma: gamma, beta: $0, scale: scale)
      }
      #expect(abs(Double(dGamma[k]) - toGamma) < 1e-4 * max(1, abs(toGamma)))
      #expect(abs(Double(dBeta[k]) - toBeta) < 1e-4 * max(1, abs(toBeta)))
    }
  }

  @Test("tanh is right to three units in the last place everywhere, and passes infinities and NaN on")
  func hyperbolicTangent() {
    var x: [Float] = [0, -0.0, .leastNonzeroMagnitude, .infinity, -.infinity, .nan, 9.0, -9.2, 1e30]
    var value: Float = 1e-20
    while value < 20 {
      x += [value, -value]
      value *= 1.0007
    }
    var y = x
    holstream_tanh_vector(x, &y, x.count)
    var worst: Float = 0
    for (x, y) in zip(x, y) where !x.isNaN {
      let exact = tanh(Double(x))
      worst = max(worst, Float(abs(Double(y) - exact)) / Float(exact).ulp)
    }
    print("largest error of tanh:", worst, "units in the last place")
    #expect(worst <= 3)
    #expect(y[0].sign == .plus && y[1].sign == .minus && y[3] == 1 && y[4] == -1 && y[5].isNaN)
  }
}
