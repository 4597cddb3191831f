import Foundation
import Tensors
import Testing

@testable import Climate

@Suite("Koopman spectra with residuals")
struct KoopmanSpectrumTests {
  @Test("Of a rotation that decays the eigenvalues are its own and their products, and every residual vanishes")
  func linear() throws {
    let (angle, decay) = (0.3, 0.98)
    var series = [[[Double]]](repeating: [], count: 2)
    for trajectory in 0..<6 {
      var (x, y) = (cos(Double(trajectory)), 0.3 * Double(trajectory) - 1)
      var both: [[Double]] = [[], []]
      for _ in 0..<60 {
        both[0].append(x)
        both[1].append(y)
        (x, y) = (decay * (cos(angle) * x - sin(angle) * y), decay * (sin(angle) * x + cos(angle) * y))
      }
      for k in 0..<2 { series[k].append(both[k]) }
    }
    let spectrum = try #require(KoopmanSpectrum(series, order: 2, timeStep: 0.1))
    #expect(spectrum.features == 6 && spectrum.pairs == 6 * 59)
    #expect(spectrum.modes.allSatisfy { $0.residual < 1e-5 }, "\(spectrum.modes)")
    func has(_ size: Double, _ angle: Double) -> Bool {
      spectrum.modes.contains {
        abs($0.rate - log(size) / 0.1) < 1e-5 && abs($0.frequency - angle / (2 * .pi * 0.1)) < 1e-5
      }
    }
    #expect(has(1, 0) && has(decay, angle) && has(decay * decay, 0) && has(decay * decay, 2 * angle))
  }

  @Test("Of noise no function but the constant is an eigenfunction, and the residuals say so")
  func noise() throws {
    var random = CounterRandom(seed: 1, purpose: .evaluation)
    let series = (0..<2).map { _ in [(0..<4000).map { _ in random.normal() }] }
    let spectrum = try #require(KoopmanSpectrum(series, order: 2, timeStep: 1))
    #expect(abs(spectrum.modes[0].real - 1) < 1e-6 && spectrum.modes[0].residual < 1e-3)
    #expect(spectrum.modes.dropFirst().allSatisfy { $0.residual > 0.9 }, "\(spectrum.modes)")
  }

  @Test("Too few pairs, and numbers that are none, give none and are left out")
  func few() {
    #expect(KoopmanSpectrum([[[1, 2, 3]]], order: 3, timeStep: 1) == nil)
    #expect(KoopmanSpectrum([], timeStep: 1) == nil)
    let whole = (0..<100).map { sin(0.1 * Double($0)) }
    var broken = whole
    broken[50] = .nan
    #expect(KoopmanSpectrum([[broken]], order: 1, timeStep: 1)?.pairs == 97)
  }
}
