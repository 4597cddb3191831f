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
        from: [1, 1, 20], exponents: 3, timeStep: 0.01, transient: 2000, steps: 30_000, every: 5,
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

  /// One RK4 step of Lorenz-96 with forcing F.
  private static func ring(_ u: [Double], dt: Double, forcing: Double = 8) -> [Double] {
    let n = u.count
    func rate(_ x: [Double]) -> [Double] {
      (0..<n).map { i in (x[(i + 1) % n] - x[(i + n - 2) % n]) * x[(i + n - 1) % n] - x[i] + forcing }
    }
    func moved(_ rates: [Double], _ by: Double) -> [Double] { zip(u, rates).map { $0 + by * $1 } }
    let a = rate(u)
    let b = rate(moved(a, dt / 2))
    let c = rate(moved(b, dt / 2))
    let d = rate(moved(c, dt))
    return (0..<n).map { u[$0] + dt / 6 * (a[$0] + 2 * b[$0] + 2 * c[$0] + d[$0]) }
  }

  @Test(
    "The largest exponent of Lorenz-63 is 0.906 and of Lorenz-96 with 40 sites and F = 8 it is 1.68, frame by frame")
  func systems() throws {
    func steps(_ count: Int, _ step: ([Double]) -> [Double], _ state: [Double]) -> [Double] {
      (0..<count).reduce(state) { state, _ in step(state) }
    }
    var start = steps(2000, { Self.lorenz($0) }, [1, 1, 20])
    let first = try #require(
      LargestExponent(from: start, distance: 1e-7, timeStep: 0.2, transient: 20, steps: 2000) {
        steps(20, { Self.lorenz($0) }, $0)
      })
    #expect(abs(first.value - 0.906) < 3 * first.standardError! + 0.01, "\(first.value)")
    #expect(first.standardError! < 0.05)

    start = steps(400, { Self.ring($0, dt: 0.025) }, (0..<40).map { 8 + ($0 == 19 ? 0.01 : 0) })
    let second = try #require(
      LargestExponent(from: start, distance: 1e-7, timeStep: 0.2, transient: 20, steps: 300) {
        steps(8, { Self.ring($0, dt: 0.025) }, $0)
      })
    #expect(abs(second.value - 1.68) < 3 * second.standardError! + 0.05, "\(second.value)")
  }

  @Test("A probe measures truth and model from the same states, and tells both the time")
  func probe() throws {
    // A map whose stretching depends on the time: ln 2 a frame until 50, and ln 4 from then on.
    func stretch(_ state: [Double], _ time: Double) -> [Double] {
      let factor: Double = time < 50 ? 2 : 4
      return state.map { ($0 * factor).remainder(dividingBy: 1) }
    }
    let probe = LyapunovProbe(
      starts: [.init(state: [0.3, 0.2], time: 0), .init(state: [0.3, 0.2], time: 80)], frames: 20, interval: 1)
    let truth = try probe.exponents { _ in stretch }
    #expect(abs(try #require(truth[0]).value - log(2)) < 0.01)
    #expect(abs(try #require(truth[1]).value - log(4)) < 0.01)
    let model = try probe.exponents { start in
      { state, _ in state.map { ($0 * 2 + start.time).remainder(dividingBy: 1) } }
    }
    let comparison = probe.comparison(model: model, truth: truth)
    #expect(comparison.estimator == "λ1/two-trajectory-1e-4" && comparison.starts == 2)
    #expect(abs(try #require(comparison.model) - log(2)) < 0.01)
    #expect(abs(try #require(comparison.truth) - 1.5 * log(2)) < 0.01)
    #expect(abs(try #require(comparison.score(interval: 1)?.truth) - 1.5 * log(2)) < 0.01)
    struct Broken: Error {}
    #expect(throws: Broken.self) { try probe.exponents { _ in { _, _ in throw Broken() } } }
    let predictability = try #require(LyapunovProbe.predictability(truth))
    #expect(abs(predictability - log(0.4 / 6e-8) / (1.5 * log(2))) < 0.2)
    #expect(LyapunovProbe.predictability([nil]) == nil)
  }
}
