import Foundation
import Testing

@testable import Systems

@Suite("Dynamical systems")
struct SystemsTests {
  @Test("Kuramoto–Sivashinsky converges with the fourth power of the step, and the grid does not matter")
  func kuramotoSivashinsky() {
    func end(points: Int, steps: Int) -> [Double] {
      let system = KuramotoSivashinsky(points: points, dt: 8 / Double(steps))
      // Three waves that every grid has.
      var u = (0..<points).map { x in
        let angle = 2 * Double.pi * Double(x) / Double(points)
        return cos(angle) + 0.5 * sin(2 * angle) - 0.3 * cos(3 * angle)
      }
      system.advance(&u, steps: steps)
      return stride(from: 0, to: points, by: points / 8).map { u[$0] }
    }
    func difference(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max()! }
    let exact = end(points: 64, steps: 512)
    // Long steps lose an order to the stiff short waves.
    let finest = end(points: 64, steps: 2048)
    let order = log2(difference(end(points: 64, steps: 256), finest) / difference(exact, finest))
    #expect(abs(order - 4) < 0.35, "order \(order)")
    #expect(difference(end(points: 96, steps: 512), exact) < 1e-7)
    #expect(difference(exact, end(points: 64, steps: 1)) > 1e-3)
  }

  @Test("Kuramoto–Sivashinsky keeps its mean, and a small wave grows as the linear equation says")
  func linearGrowth() {
    let system = KuramotoSivashinsky(points: 64, dt: 0.05)
    let wave = 2 * Double.pi / 22
    var u = (0..<64).map { 1e-8 * cos(2 * Double.pi * Double($0) / 64) }
    system.advance(&u, steps: 200)
    #expect(abs(u[0] / 1e-8 - exp(10 * (wave * wave - pow(wave, 4)))) < 1e-6)
    var start = system.initialState(seed: 2, trajectory: 0)
    system.advance(&start, steps: 500)
    #expect(abs(start.reduce(0, +)) < 1e-10)
    #expect(start.map(abs).max()! > 1)
  }

  @Test("A state and its vector are the same thing")
  func vector() throws {
    let configuration = EnsembleConfiguration(preset: .shallow, sites: 6, seed: 3)
    let system = ReducedHolstein(try HolsteinSystem(configuration))
    let state = system.lattice(system.vector(try GroundState.initialState(configuration, trajectory: 2)))
    #expect(state.hermiticityDefect == 0)
    #expect(system.lattice(system.vector(state)) == state)
    #expect(system.vector(state).count == system.dimension)
    #expect(system.names.count == system.dimension)
  }

  @Test("A regular quench is predictable to the end, a chaotic chain only for a while, and less so from rounded states")
  func predictability() throws {
    func times(_ preset: HolsteinPreset, noise: Double) throws -> Predictability {
      var configuration = EnsembleConfiguration(preset: preset, sites: 8, seed: 1)
      configuration.dt = 0.08
      configuration.saveEvery = 32
      configuration.preSteps = 0
      configuration.noise = noise
      return try Predictability(HolsteinSystem(configuration), seed: 1, trajectories: 0..<3, frames: 300)
    }
    #expect(try times(.shallow, noise: 1e-4).singlePrecision.allSatisfy { $0 == nil })
    let hot = try times(.deep, noise: 2)
    for (fine, rounded) in zip(hot.timeStep, hot.singlePrecision) {
      #expect(fine.map { $0 > 20 } == true, "\(String(describing: fine))")
      #expect((rounded ?? .infinity) > 20)
    }
  }
}

@Suite("Structure factors")
struct StructureFactorTests {
  @Test("The free half-filled chain has its Fermi sea, and a charge-density wave its peak at π alone")
  func analytic() throws {
    let parameters = HolsteinParameters(coupling: 0)
    let L = 10
    var free = LatticeState(sites: L)
    free.rho = try GroundState.electrons(in: free.q, parameters)
    for (m, n) in free.momentumDistribution.enumerated() {
      // ε = −2 cos k: filled for |k| < π/2.
      #expect(abs(n - (cos(2 * .pi * Double(m) / Double(L)) > 0 ? 1 : 0)) < 1e-12)
    }
    let wave = try GroundState.chargeDensityWave(sites: L, parameters: HolsteinPreset.deep.parameters)
    for (m, value) in wave.chargeStructureFactor.enumerated() {
      #expect(abs(value - (m == L / 2 ? Double(L) * wave.deltaRho * wave.deltaRho : 0)) < 1e-12)
    }
    #expect(abs(wave.displacementStructureFactor[L / 2] - Double(L) * wave.deltaQ * wave.deltaQ) < 1e-12)
    #expect(abs(wave.momentumDistribution.reduce(0, +) - wave.particleNumber) < 1e-12)
  }

  @Test("A boosted wave packet has its momentum")
  func momentum() {
    let L = 8
    var state = LatticeState(sites: L)
    // One electron in e^{ika}/√L: ρ_ab = e^{ik(a−b)}/L.
    let k = 2 * Double.pi * 3 / Double(L)
    for a in 0..<L {
      for b in 0..<L {
        state.rho[2 * (a * L + b)] = cos(k * Double(a - b)) / Double(L)
        state.rho[2 * (a * L + b) + 1] = sin(k * Double(a - b)) / Double(L)
      }
    }
    for (m, n) in state.momentumDistribution.enumerated() { #expect(abs(n - (m == 3 ? 1 : 0)) < 1e-12) }
  }
}
