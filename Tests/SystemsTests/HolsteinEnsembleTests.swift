import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("The Holstein ensemble")
struct HolsteinEnsembleTests {
  private func quench(_ preset: HolsteinPreset = .shallow, sites: Int = 8, saveEvery: Int = 16) -> EnsembleConfiguration
  {
    var configuration = EnsembleConfiguration(preset: preset, sites: sites, seed: 5)
    configuration.saveEvery = saveEvery
    configuration.preSteps = 0
    configuration.noise = 1e-2
    return configuration
  }

  @Test(
    "The fast kernel agrees with the plain equations to round-off, also where L is no multiple of the vector width",
    arguments: [4, 6, 8, 10, 16, 18])
  func oracle(sites: Int) throws {
    for preset in [HolsteinPreset.shallow, .deep] {
      var configuration = quench(preset, sites: sites, saveEvery: 20)
      configuration.parameters.disorder = (0..<sites).map { 0.1 * Double($0 % 3) }
      var ensemble = try HolsteinEnsemble(configuration, trajectories: 3..<5)
      var expected = ensemble.advance().map(\.lattice)
      for _ in 0..<20 { expected = expected.map { $0.rungeKuttaStep(configuration.parameters, dt: configuration.dt) } }
      for (frame, expected) in zip(ensemble.advance(), expected) {
        #expect(largestDifference(frame.lattice, expected) < 1e-14)
      }
    }
  }

  @Test("A trajectory has the same bits alone, in company and on two cores")
  func grouping() throws {
    let configuration = quench()
    var alone = try HolsteinEnsemble(configuration, trajectories: 2..<3)
    var together = try HolsteinEnsemble(configuration, trajectories: 0..<4, workers: 2)
    for _ in 0..<3 { #expect(alone.advance()[0] == together.advance()[2]) }
  }

  @Test("Energy, trace and Hermiticity are conserved")
  func conservation() throws {
    let configuration = quench(.deep, saveEvery: 400)
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    let first = ensemble.advance()[0].lattice
    for _ in 0..<4 {
      let state = ensemble.advance()[0].lattice
      #expect(abs(state.energy(configuration.parameters) - first.energy(configuration.parameters)) < 1e-9)
      #expect(abs(state.particleNumber - 4) < 1e-13)
      #expect(abs(state.purity - first.purity) < 1e-8)
      #expect(state.hermiticityDefect == 0)
    }
  }

  @Test("The error falls with the fourth power of the time step")
  func order() throws {
    func end(steps: Int) throws -> LatticeState {
      var configuration = quench(.shallow, saveEvery: steps)
      configuration.dt = 3.2 / Double(steps)
      var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
      _ = ensemble.advance()
      return ensemble.advance()[0].lattice
    }
    let exact = try end(steps: 2560)
    let coarse = largestDifference(try end(steps: 40), exact)
    let fine = largestDifference(try end(steps: 80), exact)
    #expect(abs(log2(coarse / fine) - 4) < 0.2, "order \(log2(coarse / fine))")
  }

  @Test("Run backwards in time, the lattice comes back")
  func timeReversal() throws {
    // Time reversal: ρ → ρ*, P → −P.
    func reversed(_ state: LatticeState) -> LatticeState {
      var result = state
      for k in stride(from: 1, to: state.rho.count, by: 2) { result.rho[k] = -state.rho[k] }
      result.p = state.p.map { -$0 }
      return result
    }
    let configuration = quench(.shallow, saveEvery: 200)
    var there = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    let start = there.advance()[0].lattice
    let end = there.advance()[0].lattice
    #expect(largestDifference(start, end) > 1e-3)
    var back = try HolsteinEnsemble(
      states: [reversed(end)], parameters: configuration.parameters, dt: configuration.dt, saveEvery: 200)
    _ = back.advance()
    #expect(largestDifference(reversed(back.advance()[0].lattice), start) < 1e-9)
  }

  @Test("A mid-interval state is the state half way, and does not change the frames")
  func midInterval() throws {
    var configuration = quench(saveEvery: 8)
    var plain = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    configuration.midInterval = true
    var withMids = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    configuration.midInterval = false
    configuration.saveEvery = 4
    var dense = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    #expect(withMids.advance()[0] == plain.advance()[0])
    _ = dense.advance()
    let frame = withMids.advance()[0]
    #expect(frame.mid == dense.advance()[0].state)
    #expect(frame.state == plain.advance()[0].state)
  }

  @Test(
    "The published trajectories are met over their whole length: to 1e-13, in the chaotic quench to 2e-13",
    .enabled(if: Places.golden("shallow_L16_si64") != nil, "the golden archives are not on this machine"),
    arguments: ["shallow_L16_si64", "deep_L16_si256_pre6400"])
  func golden(archive: String) throws {
    let folder = try #require(Places.golden(archive))
    let rho = try NumPyArray(contentsOf: folder.appending(path: "rho.npy"))
    let q = try NumPyArray(contentsOf: folder.appending(path: "Q.npy"))
    let p = try NumPyArray(contentsOf: folder.appending(path: "P.npy"))
    let preset = archive.hasPrefix("deep") ? HolsteinPreset.deep : .shallow
    var ensemble = try HolsteinEnsemble(
      states: [LatticeState(rho: rho[row: 0], q: q[row: 0], p: p[row: 0])], parameters: preset.parameters, dt: 0.01,
      saveEvery: preset.saveEvery)
    var largest = 0.0
    for index in 0..<rho.shape[0] {
      largest = max(
        largest,
        largestDifference(
          ensemble.advance()[0].lattice, LatticeState(rho: rho[row: index], q: q[row: index], p: p[row: index])))
    }
    // The deep quench is chaotic: round-off of 1e-16 grows along the trajectory, whoever computes it.
    #expect(largest < (preset == .shallow ? 1e-13 : 2e-13), "largest difference \(largest)")
  }

  @Test("A first frame is held to the filling, and a refused one is no measure for the next")
  func firstFrame() throws {
    let configuration = quench()
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    let sound = ensemble.advance()[0]
    var wrong = sound
    wrong.lattice.rho[0] += 0.05
    var contract = try FrameContract(HolsteinSystem(configuration).invariants)
    #expect(contract.violation(of: wrong)?.contains("filling") == true)
    #expect(contract.violation(of: sound) == nil)
  }

  @Test("Drift is seen from the first frame on, however many trajectories there are")
  func manyTrajectories() throws {
    let configuration = quench()
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    var frame = ensemble.advance()[0]
    var contract = try FrameContract(HolsteinSystem(configuration).invariants)
    for trajectory in 0..<5000 {
      frame.trajectory = trajectory
      #expect(contract.violation(of: frame) == nil)
    }
    frame.trajectory = 0
    frame.lattice.p[0] += 1
    #expect(contract.violation(of: frame)?.contains("energy") == true)
  }

  @Test("A frame that breaks a law is refused with the law")
  func contract() throws {
    let configuration = quench()
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    let first = ensemble.advance()[0]
    let second = ensemble.advance()[0]
    func violation(_ change: (inout LatticeState) -> Void) throws -> String? {
      var contract = try FrameContract(HolsteinSystem(configuration).invariants)
      #expect(contract.violation(of: first) == nil)
      var frame = second
      change(&frame.lattice)
      return contract.violation(of: frame)
    }
    #expect(try violation { _ in } == nil)
    #expect(try violation { $0.q[0] = .nan }?.contains("finite") == true)
    #expect(try violation { $0.rho[0] += 0.1 }?.contains("Tr") == true)
    #expect(try violation { $0.rho[3] += 0.1 }?.contains("Hermitian") == true)
    #expect(try violation { $0.q[0] += 1 }?.contains("energy") == true)
    #expect(
      try violation {
        $0.rho[0] += 2
        $0.rho[18] -= 2
      } == "the density at site 0 is \(second.lattice.density(0) + 2)")
  }
}

func largestDifference(_ a: LatticeState, _ b: LatticeState) -> Double {
  zip(a.rho + a.q + a.p, b.rho + b.q + b.p).map { abs($0 - $1) }.max() ?? .infinity
}

extension Frame {
  /// The state as the chain's own view.
  var lattice: LatticeState {
    get { LatticeState(state) }
    set { state = newValue.state }
  }
}
