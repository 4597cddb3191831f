import Foundation
import Testing
import Trajectories

@testable import Systems

@Suite("What is known of a system")
struct DescriptionTests {
  private func quench(_ change: (inout EnsembleConfiguration) -> Void = { _ in }) throws -> HolsteinSystem {
    var configuration = EnsembleConfiguration(preset: .shallow, sites: 8, seed: 5)
    configuration.saveEvery = 10
    configuration.noise = 1e-2
    change(&configuration)
    return try HolsteinSystem(configuration)
  }

  private func largest(_ a: State<Double>, _ b: State<Double>) -> Double {
    zip(a.values, b.values).map { abs($0 - $1) }.max()!
  }

  /// The tendency along a trajectory against the difference of frames one step before and after.
  private func tendencyError(_ system: any DynamicalSystem, frames: Int = 40) throws -> Double {
    var ensemble = try system.with(dt: system.dt, saveEvery: 1, midInterval: false).ensemble(0..<1, seed: 2, workers: 1)
    let path = try (0..<frames).map { _ in try ensemble.advance()[0] }
    return try (1..<(frames - 1)).map { k in
      let label = try #require(system.tendency(of: path[k].state, at: path[k].time))
      let differences = zip(path[k + 1].state.values, path[k - 1].state.values).map { ($0 - $1) / (2 * system.dt) }
      let size = label.values.map(abs).max()!
      return zip(label.values, differences).map { abs($0 - $1) }.max()! / size
    }.max()!
  }

  @Test("The tendency is that of the frames, also while the coupling changes: g(t), not the final g")
  func tendency() throws {
    #expect(try tendencyError(quench { $0.dt = 1e-3 }) < 1e-5)
    let ramp = try quench {
      $0.dt = 1e-3
      $0.schedule = .ramp(to: 2, start: 0, duration: 0.1)
    }
    #expect(try tendencyError(ramp) < 1e-4)
    // With the model's own g alone, labels are of another model.
    let start = try GroundState.initialState(ramp.configuration, trajectory: 0)
    let late = try #require(ramp.tendency(of: start.state, at: 0.1))
    #expect(largest(late, start.derivative(ramp.parameters).state) > 1e-2)
    #expect(try tendencyError(Lorenz63(dt: 1e-3)) < 1e-3)
    #expect(try tendencyError(Lorenz96(sites: 7, dt: 1e-3)) < 1e-3)
    #expect(try tendencyError(KuramotoSivashinsky(points: 32, dt: 1e-3)) < 1e-3)
  }

  @Test("Trajectories go on from a frame to the same bits where the coupling changes, at their own time")
  func continuing() throws {
    let system = try quench { $0.schedule = .oscillation(amplitude: 0.4, period: 0.9) }
    var whole = try system.ensemble(4..<5, seed: 5, workers: 1)
    _ = try whole.advance()
    let frame = try whole.advance()[0]
    let next = try whole.advance()[0]
    var onwards = try system.ensemble(from: [frame.state], firstTime: frame.time, workers: 1)
    #expect(try onwards.advance()[0].state == frame.state)
    #expect(try onwards.advance()[0].state == next.state)
    var values = frame.state.values
    system.stepMap(from: frame.time)(&values)
    #expect(values == next.state.values)
    // From a time between two steps the schedule goes on from there, too.
    var between = try system.ensemble(from: [frame.state], firstTime: frame.time + 0.0037, workers: 1)
    _ = try between.advance()
    let late = try between.advance()[0].state
    #expect(largest(late, next.state) > 1e-7 && largest(late, next.state) < 1e-2)
  }

  @Test("A long interval under a schedule has the bits of the same steps in parts")
  func longTables() throws {
    let system = try quench {
      $0.sites = 4
      $0.saveEvery = 70_000
      $0.schedule = .oscillation(amplitude: 0.1, period: 3)
    }
    var whole = try system.ensemble(0..<3, seed: 1, workers: 1)
    _ = try whole.advance()
    let parts = try system.with(dt: system.dt, saveEvery: 35_000, midInterval: false)
    var halves = try parts.ensemble(0..<3, seed: 1, workers: 1)
    for _ in 0..<2 { _ = try halves.advance() }
    #expect(try whole.advance().map(\.state) == halves.advance().map(\.state))
  }

  @Test("Scores of physics have their names and order; energy is none under a schedule")
  func invariants() throws {
    func scored(_ system: HolsteinSystem) -> [String] { system.invariants.filter(\.isScored).map(\.name) }
    let names = ["trace drift", "hermiticity defect", "lowest density", "highest density", "energy drift per site"]
    #expect(try scored(quench()) == names)
    #expect(try scored(quench { $0.schedule = .ramp(to: 1, start: 0, duration: 1) }) == Array(names.dropLast()))
    var state = LatticeState(sites: 8)
    state.rho[2 * 9] = 0.75
    state.rho[2 * 18] = -0.25
    let values = try quench().invariants.filter(\.isScored).map { $0.value(state.state) }
    #expect(Array(values[0..<4]) == [0.5, 0, -0.25, 0.75])
    state.rho[0] = .nan
    #expect(try quench().invariants.filter { $0.name.hasSuffix("density") }.allSatisfy { $0.value(state.state).isNaN })
  }

  @Test("Symmetries take trajectories to trajectories, and a disordered chain has none")
  func symmetries() throws {
    let systems: [any DynamicalSystem] = [
      try quench(), Lorenz63(), Lorenz96(sites: 9), KuramotoSivashinsky(points: 32),
    ]
    for system in systems {
      var ensemble = try system.ensemble(0..<1, seed: 4, workers: 1)
      let start = try ensemble.advance()[0].state
      #expect(!system.symmetries.isEmpty)
      for symmetry in system.symmetries {
        let image = symmetry(start)
        #expect(image != start)
        let before = try #require(system.tendency(of: start, at: 0))
        let after = try #require(system.tendency(of: image, at: 0))
        let scale = before.values.map(abs).max()!
        #expect(largest(symmetry(before), after) < 1e-12 * max(1, scale), "\(system.name): \(symmetry.name)")
      }
    }
    #expect(try quench { $0.parameters.disorder = (0..<8).map { Double($0) / 10 } }.symmetries.isEmpty)
  }

  @Test("Observables of the chain are those of its states, with symbols")
  func observables() throws {
    let system = try quench()
    let state = try GroundState.initialState(system.configuration, trajectory: 1)
    #expect(system.observables.map(\.symbol) == ["Δρ", "ΔQ"])
    #expect(system.allObservables.map(\.name) == HolsteinObservable.allCases.map(\.rawValue))
    for (observable, kind) in zip(system.allObservables, HolsteinObservable.allCases) {
      #expect(observable.value(state.state) == kind.value(of: state, system.parameters))
    }
    #expect(system.observable("Q[3]")?.value(state.state) == state.q[3])
    #expect(Lorenz96().observable("x7")?.value(State(Lorenz96().layout, (0..<40).map(Double.init))) == 7)
    let wave = KuramotoSivashinsky(length: 10, points: 32)
    let u = (0..<32).map { 3 * sin(2 * .pi * 2 * Double($0) / 32) }
    let gradient = try #require(wave.observable("gradient")).value(State(wave.layout, u))
    #expect(abs(gradient - pow(3 * 2 * .pi * 2 / 10, 2) / 2) < 1e-10)
  }

  @Test("The published errors are those of the published quench alone")
  func published() throws {
    func errors(_ sites: Int, _ frames: Int = 300, _ change: (inout EnsembleConfiguration) -> Void = { _ in }) throws
      -> [Double]
    {
      var configuration = EnsembleConfiguration(preset: .shallow, sites: sites, seed: 9)
      change(&configuration)
      return try HolsteinSystem(configuration).published(frames: frames).map(\.error)
    }
    #expect(try errors(16) == [4.16e-3, 2.71e-3])
    #expect(try errors(32) == [2.17e-3])
    #expect(try errors(64) == [])
    #expect(try errors(16, 299) == [])
    #expect(try errors(16) { $0.midInterval = true } == [4.16e-3, 2.71e-3])
    #expect(try errors(16) { $0.dt = 0.02 } == [])
    #expect(try errors(16) { $0.parameters.disorder = Array(repeating: 0.1, count: 16) } == [])
  }
}
