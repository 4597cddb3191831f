import Systems
import Testing

@testable import Climate

@Suite("Exponents of systems")
struct SystemExponentTests {
  @Test("The largest exponent of Lorenz-63 is 0.906, of Lorenz-96 with 40 sites and F = 8 it is 1.68")
  func lorenz() throws {
    let small = Lorenz63()
    var start = small.initialState(seed: 1, trajectory: 0)
    small.advance(&start, steps: 2000)
    let first = try #require(LargestExponent(of: small, from: start, every: 20, rescalings: 2000))
    #expect(abs(first.value - 0.906) < 3 * first.standardError! + 0.01, "\(first.value)")
    #expect(first.standardError! < 0.05)

    let ring = Lorenz96(dt: 0.025)
    start = ring.initialState(seed: 1, trajectory: 0)
    ring.advance(&start, steps: 400)
    let second = try #require(LargestExponent(of: ring, from: start, every: 8, rescalings: 300))
    #expect(abs(second.value - 1.68) < 3 * second.standardError! + 0.05, "\(second.value)")
  }

  @Test("A chain far from rest is chaotic, and the shallow quench is not")
  func holstein() throws {
    func exponent(_ preset: HolsteinPreset, noise: Double) throws -> LargestExponent {
      var configuration = EnsembleConfiguration(preset: preset, sites: 8, seed: 1)
      configuration.dt = 0.08
      configuration.noise = noise
      let system = HolsteinSystem(configuration)
      var start = try system.initialState(seed: 1, trajectory: 0)
      system.advance(&start, steps: 1000)
      return try #require(LargestExponent(of: system, from: start, every: 400, transient: 10, rescalings: 40))
    }
    let hot = try exponent(.deep, noise: 2)
    let shallow = try exponent(.shallow, noise: 1e-4)
    #expect(hot.value > 5 * hot.standardError! && hot.value > 0.02, "\(hot.value) ± \(hot.standardError!)")
    #expect(abs(shallow.value) < 0.005, "\(shallow.value)")
  }
}
