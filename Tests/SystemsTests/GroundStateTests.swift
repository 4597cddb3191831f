import TestSupport
import Testing

@testable import Systems

@Suite("The state before a quench")
struct GroundStateTests {
  @Test(
    "The self-consistent charge-density wave has the published displacement",
    arguments: [(16, 0.108704), (32, 0.0601307)])
  func chargeDensityWave(sites: Int, displacement: Double) throws {
    let parameters = HolsteinParameters(coupling: 0.5)
    let state = try GroundState.chargeDensityWave(sites: sites, parameters: parameters)
    #expect(abs(abs(state.q[0]) - displacement) < 1e-6)
    #expect(state.deltaRho > 0 && state.deltaQ > 0)
    // Nothing moves: [H, ρ] = 0 and no force.
    let derivative = state.derivative(parameters)
    #expect((derivative.rho + derivative.q + derivative.p).allSatisfy { abs($0) < 1e-12 })
  }

  @Test("The sign of the wave is the one that was asked for")
  func sign() throws {
    let state = try GroundState.chargeDensityWave(sites: 8, parameters: HolsteinParameters(coupling: 0.8), sign: -1)
    #expect(state.deltaRho < 0 && state.deltaQ < 0)
  }

  @Test(
    "The free chain at L = 0 mod 4 half fills its two zero modes: Tr ρ² = L/2 − 1/2, n = 1/2", arguments: [8, 16, 32])
  func zeroModes(sites: Int) throws {
    let configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: 1)
    let state = try GroundState.initialState(configuration, trajectory: 0)
    #expect(abs(state.purity - (Double(sites) / 2 - 0.5)) < 1e-6)
    #expect((0..<sites).allSatisfy { abs(state.density($0) - 0.5) < 1e-6 })
  }

  @Test("At L = 2 mod 4 it is a Slater determinant: Tr ρ² = L/2")
  func slater() throws {
    let state = try GroundState.initialState(EnsembleConfiguration(preset: .deep, sites: 10, seed: 1), trajectory: 0)
    #expect(abs(state.purity - 5) < 1e-12)
  }

  @Test("Noise differs between trajectories, is the same for the same trajectory, and has the stated width")
  func noise() throws {
    var configuration = EnsembleConfiguration(preset: .deep, sites: 64, seed: 3)
    configuration.noise = 0.1
    let states = try [0, 1, 0].map { try GroundState.initialState(configuration, trajectory: $0) }
    #expect(states[0] == states[2])
    #expect(states[0].q != states[1].q)
    let variance = (states[0].q + states[0].p + states[1].q + states[1].p).reduce(0) { $0 + $1 * $1 } / 256
    #expect(abs(variance - 0.01) < 0.003)
  }

  @Test("A lattice that cannot be is refused in words", arguments: [2, 7, 5000])
  func refused(sites: Int) {
    let error = #expect(throws: SystemError.self) {
      try HolsteinEnsemble(EnsembleConfiguration(preset: .shallow, sites: sites, seed: 1), trajectories: 0..<1)
    }
    #expect(error?.message.contains("even, from 4 to 4096") == true)
  }
}
