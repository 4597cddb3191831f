import Foundation
import Testing
import Trajectories

@testable import Systems

@Suite("Integrators")
struct IntegratorTests {
  private func quench(_ integrator: Integrator, sites: Int = 8, dt: Double, saveEvery: Int) -> EnsembleConfiguration {
    var configuration = EnsembleConfiguration(preset: .shallow, sites: sites, seed: 5)
    configuration.integrator = integrator
    configuration.dt = dt
    configuration.saveEvery = saveEvery
    configuration.noise = 1e-2
    return configuration
  }

  private func end(_ configuration: EnsembleConfiguration) throws -> LatticeState {
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    _ = ensemble.advance()
    return ensemble.advance()[0].lattice
  }

  @Test("The error falls with the stated power of the time step", arguments: Integrator.allCases)
  func order(integrator: Integrator) throws {
    // RK4's region of accuracy lies at shorter steps than that of the splittings.
    let steps = integrator == .rungeKutta4 ? 40 : 10
    func end(_ steps: Int) throws -> LatticeState {
      try self.end(quench(integrator, dt: 3.2 / Double(steps), saveEvery: steps))
    }
    let exact = try self.end(quench(.rungeKutta4, dt: 3.2 / 5120, saveEvery: 5120))
    let ratio = largestDifference(try end(steps), exact) / largestDifference(try end(2 * steps), exact)
    #expect(abs(log2(ratio) - Double(integrator.order)) < 0.35, "order \(log2(ratio))")
  }

  @Test(
    "Every integrator solves the same equations, on rings of 0 and 2 modulo 4 sites, also shorter than a hop",
    arguments: Integrator.allCases)
  func agreement(integrator: Integrator) throws {
    for sites in [4, 6, 8, 10, 16, 18] {
      var fine = quench(.rungeKutta4, sites: sites, dt: 1e-3, saveEvery: 1000)
      var configuration = quench(integrator, sites: sites, dt: integrator.order == 2 ? 1e-3 : 0.02, saveEvery: 50)
      if integrator.order == 2 { configuration.saveEvery = 1000 }
      for disorder in [nil, (0..<sites).map { 0.3 * Double($0 % 3) }] {
        fine.parameters.disorder = disorder
        configuration.parameters.disorder = disorder
        let difference = largestDifference(try end(configuration), try end(fine))
        #expect(difference < 1e-6, "\(sites) sites: \(difference)")
      }
    }
  }

  @Test(
    "A splitting keeps the spectrum of ρ, its trace and Hermiticity to round-off over a long and coarse run",
    arguments: [Integrator.strang, .blanesMoan4, .blanesMoan6])
  func spectrum(integrator: Integrator) throws {
    for preset in [HolsteinPreset.shallow, .deep] {
      var configuration = EnsembleConfiguration(preset: preset, sites: 8, seed: 5)
      configuration.integrator = integrator
      configuration.dt = 0.25
      configuration.saveEvery = 4000
      configuration.preSteps = 0
      configuration.noise = 0.2
      var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
      let first = ensemble.advance()[0].lattice
      let last = ensemble.advance()[0].lattice
      #expect(largestDifference(first, last) > 0.01)
      let before = try HermitianEigen(first.rho, size: 8).values
      let after = try HermitianEigen(last.rho, size: 8).values
      let change = zip(before, after).map { abs($0 - $1) }.max()!
      // Some 10⁻¹⁶ for each of up to 40 000 hops.
      #expect(change < 1e-11, "\(preset): \(change)")
      #expect(abs(last.particleNumber - 4) < 1e-11)
      #expect(last.hermiticityDefect == 0)
    }
  }

  @Test("At a coarse step the energy of a splitting swings but does not drift, while RK4 loses purity")
  func drift() throws {
    func changes(_ integrator: Integrator, of value: (LatticeState) -> Double) throws -> (early: Double, late: Double) {
      var ensemble = try HolsteinEnsemble(quench(integrator, dt: 0.25, saveEvery: 40), trajectories: 0..<1)
      let start = value(ensemble.advance()[0].lattice)
      let changes = (0..<200).map { _ in abs(value(ensemble.advance()[0].lattice) - start) }
      return (changes[..<20].max()!, changes[180...].max()!)
    }
    let parameters = HolsteinPreset.shallow.parameters
    let energy = try changes(.blanesMoan4) { $0.energy(parameters) }
    #expect(energy.late < 3 * energy.early && energy.late < 1e-4, "\(energy)")
    let lost = try changes(.rungeKutta4) { $0.purity }
    #expect(lost.late > 1e-4, "\(lost)")
    let kept = try changes(.blanesMoan4) { $0.purity }
    #expect(kept.late < 1e-11, "\(kept)")
  }

  @Test(
    "A splitting run backwards comes back to round-off, whatever the step",
    arguments: [Integrator.strang, .blanesMoan4])
  func timeReversal(integrator: Integrator) throws {
    func reversed(_ state: LatticeState) -> LatticeState {
      var result = state
      for k in stride(from: 1, to: state.rho.count, by: 2) { result.rho[k] = -state.rho[k] }
      result.p = state.p.map { -$0 }
      return result
    }
    let configuration = quench(integrator, dt: 0.3, saveEvery: 60)
    var there = try HolsteinEnsemble(configuration, trajectories: 0..<1)
    let start = there.advance()[0].lattice
    let end = there.advance()[0].lattice
    #expect(largestDifference(start, end) > 1e-2)
    var back = try HolsteinEnsemble(
      states: [reversed(end)], parameters: configuration.parameters, dt: configuration.dt, saveEvery: 60,
      integrator: integrator)
    _ = back.advance()
    let error = largestDifference(reversed(back.advance()[0].lattice), start)
    #expect(error < 1e-11, "\(error)")
  }

  @Test("Interleaved and alone, with a common and with their own first steps, trajectories have the same bits")
  func interleaving() throws {
    for (sites, offsets) in [(16, false), (16, true), (10, true), (6, false)] {
      var configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: 3)
      configuration.preSteps = 5
      configuration.saveEvery = 12
      configuration.midInterval = true
      configuration.phaseOffsets = offsets
      configuration.schedule = .ramp(to: 0.4, start: 0.1, duration: 0.3)
      var together = try HolsteinEnsemble(configuration, trajectories: 0..<11, workers: 2)
      var alone = try HolsteinEnsemble(configuration, trajectories: 4..<5)
      var last = try HolsteinEnsemble(configuration, trajectories: 10..<11)
      for _ in 0..<3 {
        let frames = together.advance()
        #expect(frames[4] == alone.advance()[0])
        #expect(frames[10] == last.advance()[0])
      }
    }
  }

  @Test("An ensemble goes on from its last frames to the same bits")
  func resuming() throws {
    var configuration = EnsembleConfiguration(preset: .deep, sites: 8, seed: 3)
    configuration.preSteps = 5
    configuration.saveEvery = 12
    configuration.phaseOffsets = true
    configuration.schedule = .oscillation(amplitude: 0.2, period: 1)
    var whole = try HolsteinEnsemble(configuration, trajectories: 2..<6)
    _ = whole.advance()
    var resumed = try HolsteinEnsemble(configuration, resumingFrom: whole.advance())
    for _ in 0..<2 { #expect(whole.advance() == resumed.advance()) }
  }
}

@Suite("A coupling that changes")
struct CouplingScheduleTests {
  @Test("Ramps, pulses, oscillations and points give the values they are named for")
  func values() {
    let ramp = CouplingSchedule.ramp(to: 2, start: 10, duration: 4)
    #expect([0, 10, 12, 14, 100].map { ramp.coupling(at: $0, from: 1) } == [1, 1, 1.5, 2, 2])
    #expect(CouplingSchedule.pulse(height: 0.5, centre: 3, width: 1).coupling(at: 3, from: 1) == 1.5)
    #expect(CouplingSchedule.oscillation(amplitude: 0.5, period: 4).coupling(at: 1, from: 1) == 1.5)
    let points = CouplingSchedule.points([.init(time: 1, coupling: 0), .init(time: 3, coupling: 4)])
    #expect([0, 1, 2, 3, 9].map { points.coupling(at: $0, from: 7) } == [0, 0, 2, 4, 4])
  }

  @Test("Times that do not rise and widths that are not positive are refused")
  func refusals() {
    for schedule in [
      CouplingSchedule.points([.init(time: 1, coupling: 0), .init(time: 1, coupling: 4)]), .points([]),
      .ramp(to: 1, start: 0, duration: 0), .pulse(height: 1, centre: 0, width: -1),
      .oscillation(amplitude: 1, period: 0),
    ] {
      #expect(throws: SystemError.self) { try schedule.validate() }
    }
  }

  @Test("Under a changing coupling every integrator agrees, with its own order, and the energy is not asked to stay")
  func agreement() throws {
    func end(_ integrator: Integrator, _ steps: Int) throws -> LatticeState {
      var configuration = EnsembleConfiguration(preset: .shallow, sites: 8, seed: 5)
      configuration.integrator = integrator
      configuration.dt = 4.0 / Double(steps)
      configuration.saveEvery = steps
      configuration.schedule = .ramp(to: 1.5, start: 0, duration: 4)
      var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
      var contract = try FrameContract(HolsteinSystem(configuration).invariants)
      #expect(contract.violation(of: ensemble.advance()[0]) == nil)
      let frame = ensemble.advance()[0]
      #expect(contract.violation(of: frame) == nil)
      return frame.lattice
    }
    let exact = try end(.rungeKutta4, 6400)
    for integrator in Integrator.allCases {
      let steps = integrator == .rungeKutta4 ? 50 : 16
      let ratio =
        largestDifference(try end(integrator, steps), exact) / largestDifference(try end(integrator, 2 * steps), exact)
      #expect(abs(log2(ratio) - Double(integrator.order)) < 0.4, "\(integrator): order \(log2(ratio))")
    }
  }
}
