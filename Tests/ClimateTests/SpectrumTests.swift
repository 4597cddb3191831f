import Foundation
import Testing

@testable import Climate

@Suite("Power spectra")
struct SpectrumTests {
  @Test("The transform agrees with its definition at every length", arguments: [2, 3, 8, 15, 64, 97, 300])
  func definition(length: Int) {
    var random = SeededNormals(UInt64(length))
    let x = (0..<length).map { _ in random.next() }
    let power = FourierTransform.power(x)
    #expect(power.count == length / 2 + 1)
    for k in power.indices {
      var sum = (re: 0.0, im: 0.0)
      for t in x.indices {
        let angle = 2 * Double.pi * Double(k * t % length) / Double(length)
        sum.re += x[t] * cos(angle)
        sum.im -= x[t] * sin(angle)
      }
      #expect(abs(power[k] - sum.re * sum.re - sum.im * sum.im) < 1e-10 * Double(length * length))
    }
  }

  @Test("The spectrum integrates to the variance, and an oscillation has all of it at its frequency")
  func variance() {
    let series = [(0..<400).map { 3 + sin(2 * .pi * Double($0) / 20) }]
    let spectrum = PowerSpectrum(series, timeStep: 0.5)
    let total = spectrum.density.reduce(0, +) / (400 * 0.5)
    #expect(abs(total - 0.5) < 1e-12)
    #expect(abs(spectrum.frequencies[20] - 0.1) < 1e-15)
    #expect(abs(spectrum.density[20] / (400 * 0.5) - 0.5) < 1e-12)
  }

  @Test("The spectrum of an AR(1) process is 2 Δt / |1 − φ e^(−iω)|², within its error bars")
  func autoregression() {
    let phi = 0.7
    let series = (0..<200).map { autoregressive(phi, length: 1000, seed: 1000 + UInt64($0)) }
    let spectrum = PowerSpectrum(series, timeStep: 1)
    var deviations = 0.0
    for k in 1..<500 {
      let omega = 2 * Double.pi * spectrum.frequencies[k]
      let exact = 2 / (1 + phi * phi - 2 * phi * cos(omega))
      let z = (spectrum.density[k] - exact) / spectrum.standardErrors[k]
      #expect(abs(z) < 5, "frequency \(k)")
      deviations += z * z
    }
    #expect(abs(deviations / 499 - 1) < 0.3, "the error bars have the right size")
  }

  @Test("Discretised Gaussians have the Hellinger distance of the closed form")
  func hellinger() {
    let (shift, sigma, width) = (1.3, 0.8, 0.01)
    func density(_ mean: Double) -> [Double] {
      (-1000..<1200).map { i in
        let x = Double(i) * width - mean
        return width * exp(-x * x / (2 * sigma * sigma)) / (sigma * (2 * .pi).squareRoot())
      }
    }
    let exact = (1 - exp(-shift * shift / (8 * sigma * sigma))).squareRoot()
    #expect(abs(SpectralDistance.hellinger(density(0), density(shift)) - exact) < 1e-9)
  }

  @Test("Smoothing keeps a constant and the total of what is far from the ends")
  func smoothing() {
    #expect(SpectralDistance.smoothed([Double](repeating: 2, count: 30), sigma: 20).allSatisfy { abs($0 - 2) < 1e-12 })
    var peak = [Double](repeating: 0, count: 401)
    peak[200] = 1
    let smooth = SpectralDistance.smoothed(peak, sigma: 20)
    #expect(abs(smooth.reduce(0, +) - 1) < 1e-12)
    #expect(abs(smooth[220] / smooth[200] - exp(-0.5)) < 1e-12)
  }

  @Test("A rollout that stands still or diverges is maximally far from what oscillates")
  func withoutSpectrum() {
    let x = (0..<4).map { autoregressive(0.8, length: 300, seed: UInt64($0)) }
    for bad in [[Double](repeating: 0.4, count: 300), [Double](repeating: .nan, count: 300)] {
      let distance = SpectralDistance.teacherForcing().distance(x, [bad, bad, bad, bad])
      #expect(abs(distance.value - 1) < 1e-12)
      let one = SpectralDistance.teacherForcing().distance(x, [x[0], x[1], x[2], bad])
      #expect(one.value > 0.3 && one.value < 1)
    }
  }

  @Test("scipy's periodogram and the distances of the published programs are met")
  func peers() throws {
    let peers = try PeerFigures()
    let spectrum = PowerSpectrum([peers.truth[2]], timeStep: peers.timeStep)
    for (ours, theirs) in zip(spectrum.density, peers.periodogram).dropFirst() {
      #expect(abs(ours - theirs) < 1e-9 * (1 + theirs))
    }
    for d in 0..<3 {
      let (x, y) = ([peers.truth[d]], [peers.other[d]])
      let gtf = SpectralDistance.teacherForcing().distance(x, y).value
      #expect(abs(gtf - peers.teacherForcingHellinger[d]) < 1e-9)
      let dysts = SpectralDistance.dysts().distance(x, y).value
      #expect(abs(dysts - peers.dystsHellinger[d]) < 1e-9)
    }
  }
}
