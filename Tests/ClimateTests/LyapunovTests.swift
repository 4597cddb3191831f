import Foundation
import Testing

@testable import Climate

@Suite("Lyapunov exponents")
struct LyapunovTests {
  /// One RK4 step of Lorenz-63 at σ = 10, ρ = 28, β = 8/3.
  private static func lorenz(_ u: [Double], dt: Double = 0.01) -> [Double] {
    func rate(_ x: Double, _ y: Double, _ z: Double) -> (Double, Double, Double) {
      (10 * (y - x), x * (28 - z) - y, x * y - 8.0 / 3 * z)
    }
    let (x, y, z) = (u[0], u[1], u[2])
    let a = rate(x, y, z)
    let b = rate(x + dt / 2 * a.0, y + dt / 2 * a.1, z + dt / 2 * a.2)
    let c = rate(x + dt / 2 * b.0, y + dt / 2 * b.1, z + dt / 2 * b.2)
    let d = rate(x + dt * c.0, y + dt * c.1, z + dt * c.2)
    return [
      x + dt / 6 * (a.0 + 2 * b.0 + 2 * c.0 + d.0), y + dt / 6 * (a.1 + 2 * b.1 + 2 * c.1 + d.1),
      z + dt / 6 * (a.2 + 2 * b.2 + 2 * c.2 + d.2),
    ]
  }

  @Test("Those of Lorenz-63 are 0.906, 0 and −14.57, and its dimension 2.06")
  func lorenz() throws {
    let spectrum = try #require(
      LyapunovSpectrum(
        from: [1, 1, 20], exponents: 3, timeStep: 0.01, transient: 2000, steps: 60_000, every: 5,
        step: { Self.lorenz($0) }))
    for (found, exact) in zip(spectrum.exponents, [0.906, 0, -14.572]) {
      #expect(abs(found - exact) < 0.03, "\(exact)")
    }
    // The divergence of the flow is constant, so that the sum is exact but for the integrator.
    let sum: Double = spectrum.exponents.reduce(0, +)
    let exact: Double = -(10 + 1 + 8.0 / 3)
    #expect(abs(sum - exact) < 1e-3)
    #expect(abs(try #require(spectrum.kaplanYorkeDimension) - 2.062) < 0.01)
    #expect((0.002..<0.03).contains(spectrum.standardErrors[0]))
  }

  @Test(
    "Two trajectories give the largest exponent of Lorenz-63, also at the distance that single precision needs",
    arguments: [1e-7, 1e-4])
  func twoTrajectories(distance: Double) throws {
    let largest = try #require(
      LargestExponent(
        from: [1, 1, 20], distance: distance, timeStep: 0.01, transient: 2000, steps: 60_000, every: 5,
        step: { Self.lorenz($0) }))
    #expect(abs(largest.value - 0.906) < 0.03)
    #expect(try #require(largest.standardError) < 0.03)
  }

  @Test("A linear map has the logarithms of its stretches, by a tangent and by differences")
  func linear() throws {
    let stretches = [3.0, 1, 0.25]
    func step(_ x: [Double]) -> [Double] { zip(x, stretches).map { $0 * $1 } }
    for tangent: LyapunovSpectrum.Tangent? in [nil, { _, vectors in vectors.map(step) }] {
      let spectrum = try #require(
        LyapunovSpectrum(
          from: [0, 1, 0], exponents: 3, timeStep: 0.5, transient: 40, steps: 100, tangent: tangent, step: step))
      for (found, stretch) in zip(spectrum.exponents, stretches) {
        let exact: Double = log(stretch) / 0.5
        #expect(abs(found - exact) < 1e-6)
      }
    }
    let largest = try #require(
      LargestExponent(from: [0, 1, 0], distance: 1e-6, timeStep: 1, transient: 60, steps: 100, step: step))
    #expect(abs(largest.value - log(3)) < 1e-6)
  }

  @Test("A map that diverges has none")
  func divergent() {
    func step(_ x: [Double]) -> [Double] { x.map { $0 * $0 * 1e9 } }
    #expect(LyapunovSpectrum(from: [2], exponents: 1, timeStep: 1, transient: 0, steps: 100, step: step) == nil)
    #expect(LargestExponent(from: [2], distance: 1e-6, timeStep: 1, transient: 0, steps: 100, step: step) == nil)
  }
}
