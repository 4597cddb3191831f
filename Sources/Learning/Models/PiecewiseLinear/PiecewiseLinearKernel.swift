internal import CKernels
internal import Tensors

/// Sizes of a piecewise linear network, and how its parameters lie where the kernels want them.
struct PiecewiseLinearKernel: Sendable, Equatable {
  let isShallow: Bool
  /// Units, M, and how many of them are observed, N.
  let latent: Int
  let observed: Int
  /// Hidden units of the shallow network, rectified ones of the almost linear one.
  let width: Int

  /// Floats of a row in the kernels.
  var stride: Int { ((isShallow ? width : latent) + 15) / 16 * 16 }

  var net: holstream_plrnn {
    var net = holstream_plrnn()
    net.shallow = isShallow ? 1 : 0
    net.latent = Int32(latent)
    net.observed = Int32(observed)
    net.rectified = isShallow ? 0 : Int32(width)
    net.stride = Int32(stride)
    return net
  }

  /// Numbers of the weights as the kernels have them.
  var packedCount: Int {
    var net = net
    return Int(holstream_plrnn_count(&net))
  }

  var parameterLayout: ParameterLayout {
    var layout = ParameterLayout()
    layout.add("A", shape: [latent])
    if isShallow {
      layout.add("h1", shape: [latent])
      layout.add("h2", shape: [width])
      layout.add("W1", shape: [latent, width])
      layout.add("W2.transposed", shape: [latent, width])
      // α, which no gradient moves.
      layout.add("forcing", shape: [1])
    } else {
      layout.add("h", shape: [latent])
      layout.add("W.transposed", shape: [latent, latent])
      layout.add("initial.weight", shape: [latent - observed, observed])
      layout.add("initial.bias", shape: [latent - observed])
    }
    return layout
  }

  /// Where the rows of the packed weights begin: (parameters, packed, numbers) of each.
  private var rows: [(from: Int, to: Int, count: Int)] {
    let (m, s) = (latent, stride)
    let tensors = parameterLayout.tensors
    func matrix(_ index: Int, _ to: Int, _ width: Int) -> [(from: Int, to: Int, count: Int)] {
      (0..<m).map { (tensors[index].offset + $0 * width, to + $0 * s, width) }
    }
    if isShallow {
      return [(tensors[0].offset, 0, m), (tensors[1].offset, m, m), (tensors[2].offset, 2 * m, width)]
        + matrix(3, 2 * m + s, width) + matrix(4, 2 * m + s + m * s, width)
    }
    return [(tensors[0].offset, 0, m), (tensors[1].offset, s, m)] + matrix(2, 2 * s, m)
  }

  /// Copies parameters to their packed places; the rest of `packed` stays zero.
  func pack(_ parameters: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    for row in rows { (packed + row.to).update(from: parameters + row.from, count: row.count) }
  }

  /// gradient += packed.
  func unpack(_ packed: UnsafePointer<Float>, addingTo gradient: UnsafeMutablePointer<Float>) {
    for row in rows { for k in 0..<row.count { gradient[row.from + k] += packed[row.to + k] } }
  }

  /// Writes the units before the first step: the observed numbers, and a linear function of them.
  func begin(_ x: UnsafePointer<Float>, parameters: UnsafePointer<Float>, into z: UnsafeMutablePointer<Float>) {
    z.update(from: x, count: observed)
    guard !isShallow else { return }
    let tensors = parameterLayout.tensors
    for i in 0..<(latent - observed) {
      var sum = parameters[tensors[4].offset + i]
      for k in 0..<observed { sum += parameters[tensors[3].offset + i * observed + k] * x[k] }
      z[observed + i] = sum
    }
  }

  /// Adds the gradient of `begin`.
  func beginBackward(
    _ x: UnsafePointer<Float>, _ dz: UnsafePointer<Float>, addingTo gradient: UnsafeMutablePointer<Float>
  ) {
    guard !isShallow else { return }
    let tensors = parameterLayout.tensors
    for i in 0..<(latent - observed) {
      gradient[tensors[4].offset + i] += dz[observed + i]
      for k in 0..<observed { gradient[tensors[3].offset + i * observed + k] += dz[observed + i] * x[k] }
    }
  }
}
