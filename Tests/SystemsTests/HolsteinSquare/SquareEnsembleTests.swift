import Foundation
import Settings
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("Ensembles of square lattices")
struct SquareEnsembleTests {
  @Test("A trajectory has the same bits alone, in company, and with any number of workers")
  func companions() throws {
    let system = try HolsteinSquareSystem.published(sites: 4, dynamics: SquareDynamics(saveEvery: 7))
    var all = try system.ensemble(2..<6, seed: 9, workers: 3)
    var one = try system.ensemble(4..<5, seed: 9, workers: 1)
    var other = try system.ensemble(4..<5, seed: 10, workers: 1)
    for index in 0..<4 {
      let (frames, alone, different) = (try all.advance(), try one.advance()[0], try other.advance()[0])
      #expect(frames.map(\.trajectory) == [2, 3, 4, 5])
      #expect(frames[2] == alone)
      #expect(alone.index == index && abs(alone.time - 0.35 * Double(index)) < 1e-12)
      #expect(different.state != alone.state)
    }
  }

  @Test("Trajectories go on from a stored frame to the same bits, noise and all, at their own time")
  func resume() throws {
    for integrator in SquareDynamics.Method.allCases {
      var dynamics = SquareDynamics(saveEvery: 5, noiseSeed: 77)
      dynamics.integrator = integrator
      dynamics.schedule = .ramp(to: 0.5, start: 0.2, duration: 1)
      let system = try HolsteinSquareSystem.published(sites: 4, dynamics: dynamics)
      var whole = try system.ensemble(0..<2, seed: 77, workers: 1)
      for _ in 0..<2 { _ = try whole.advance() }
      let third = try whole.advance()
      var onwards = try system.ensemble(from: third.map(\.state), firstTime: third[0].time, workers: 2)
      #expect(try onwards.advance().map(\.state) == third.map(\.state))
      for _ in 0..<3 {
        let (a, b) = (try whole.advance(), try onwards.advance())
        #expect(a.map(\.state) == b.map(\.state))
        #expect(a.map(\.time) == b.map(\.time))
      }
    }
  }

  @Test("Frames carry the force, and the state half an interval before, where they are asked to")
  func extras() throws {
    var dynamics = SquareDynamics(saveEvery: 4, midInterval: true)
    let system = try HolsteinSquareSystem.published(sites: 4, dynamics: dynamics)
    var ensemble = try system.ensemble(0..<1, seed: 1, workers: 1)
    let first = try ensemble.advance()[0]
    let second = try ensemble.advance()[0]
    #expect(first.mid == nil)
    for frame in [first, second] { #expect(frame.tendency == system.tendency(of: frame.state, at: frame.time)) }
    dynamics.midInterval = false
    dynamics.keepsForce = false
    dynamics.saveEvery = 2
    let plain = try HolsteinSquareSystem.published(sites: 4, dynamics: dynamics)
    var fine = try plain.ensemble(0..<1, seed: 1, workers: 1)
    let frames = try (0..<3).map { _ in try fine.advance()[0] }
    #expect(frames.map(\.state) == [first.state, try #require(second.mid), second.state])
    #expect(frames.allSatisfy { $0.tendency == nil })
  }

  @Test("The hot start has the published variances, the checkerboard no force at zero temperature's displacement")
  func starts() throws {
    let system = HolsteinSquareSystem(try ConfigurationSection(["sites=64"], diagnostics: .init()), seed: 4)
    let state = system.initialState(seed: 4, trajectory: 0)
    func variance(_ values: ArraySlice<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 } / Double(values.count) }
    #expect(abs(variance(state["Q"]) / (5 / 0.18) - 1) < 0.1)
    #expect(abs(variance(state["P"]) / 25 - 1) < 0.1)
    let board = HolsteinSquareSystem(
      try ConfigurationSection(["sites=4", "initial=checkerboard"], diagnostics: .init()), seed: 4)
    #expect(abs(board.dynamics.initialDisplacement - 6.25) < 1e-12)
    let ordered = board.initialState(seed: 1, trajectory: 0)
    #expect(abs(try #require(board.observable("stagger")).value(ordered) - 6.25) < 1e-12)
    #expect(try #require(board.observable("order")).value(ordered) > 0.98)
    #expect(board.force(at: Array(ordered["Q"]), temperature: 0.1).force.map(abs).max()! < 0.05)
    #expect(abs(try #require(board.observable("charge")).value(ordered) - 8) < 1e-12)
  }

  @Test("A lattice that blows up gives frames that the contract refuses, and others go on")
  func blowUp() throws {
    let system = try HolsteinSquareSystem.published(sites: 4, friction: 0)
    let good = system.initialState(seed: 1, trajectory: 0)
    var wild = good
    // Finite at first, and too large for any force after a step.
    wild["P"] = ArraySlice([Double](repeating: 1e200, count: 16))
    var ensemble = try system.ensemble(from: [good, wild], firstTime: 0, workers: 1)
    var contract = FrameContract(system.invariants)
    _ = try ensemble.advance()
    for _ in 0..<3 {
      let frames = try ensemble.advance()
      #expect(contract.violation(of: frames[0]) == nil)
      #expect(contract.violation(of: frames[1]) == "a value is not finite")
    }
    var values = wild.values
    system.advance(&values, from: 0, steps: 2)
    let isNothing = values.allSatisfy { $0.isNaN }
    #expect(isNothing)
  }

  @Test("What cannot be is refused with the key that is wrong")
  func refusals() throws {
    for (settings, key, words) in [
      (["sites=7"], "sites", "even"), (["L=7"], "L", "even"), (["L=2"], "L", "from 4"),
      (["L=8", "sites=6"], "L", "two values"), (["kappa=0.25"], "kappa", "k/4"), (["kappa=-0.3"], "kappa", "k/4"),
      (["temperature=0"], "temperature", "above 0"), (["temperature=-1"], "temperature", "above 0"),
      (["gamma=-0.1"], "gamma", "friction"), (["m=0"], "m", "mass"), (["k=0"], "k", "stiffness"),
      (["dt=0"], "dt", "time step"), (["dt=4"], "dt", "unstable"), (["every=0"], "every", "whole number"),
      (["g=nan"], "g", "number"), (["engine=magic"], "engine", "one of"), (["ensemble=micro"], "ensemble", "one of"),
      (["schedule.shape=ramp", "schedule.to=-1"], "schedule", "temperature"),
      (["mid-interval=true", "every=3"], "mid-interval", "even"), (["initial=melted"], "initial", "one of"),
    ] {
      let diagnostics = ConfigurationDiagnostics()
      _ = HolsteinSquareSystem(try ConfigurationSection(settings, diagnostics: diagnostics), seed: 1)
      let found = diagnostics.problems.map { "\($0.path): \($0.message)" }
      #expect(found.contains { $0.hasPrefix("\(key): ") && $0.contains(words) }, "\(settings): \(found)")
    }
    let diagnostics = ConfigurationDiagnostics()
    let sound = ["L=6", "gamma=0", "ensemble=grand-canonical"]
    _ = HolsteinSquareSystem(try ConfigurationSection(sound, diagnostics: diagnostics), seed: 1)
    #expect(diagnostics.problems == [])
    let system = try HolsteinSquareSystem.published(sites: 4)
    let state = State<Double>(zero: system.layout)
    #expect(throws: SystemError.self) { try system.ensemble(from: [state], firstTime: .nan, workers: 1) }
    #expect(throws: SystemError.self) { try system.ensemble(from: [], firstTime: 0, workers: 1) }
    #expect(throws: SystemError.self) {
      try system.ensemble(from: [State(zero: HolsteinSystem.layout(sites: 4))], firstTime: 0, workers: 1)
    }
  }

  private static let options: [[String]] = [
    ["g=2.5"], ["k=1.3"], ["kappa=-0.1"], ["m=3"], ["t=0.7"], ["temperature=0.3"], ["gamma=0.05"],
    ["ensemble=grand-canonical"], ["integrator=baoab"], ["dt=0.0123456789012345"], ["every=3"],
    ["mid-interval=true"], ["initial=checkerboard"], ["initial=zero"], ["initial-temperature=1.5"],
    ["initial-displacement=2.2"], ["keep-force=false"],
    ["schedule.shape=ramp", "schedule.to=0.4", "schedule.start=0.1", "schedule.duration=0.3"],
  ]

  @Test("Every option comes back from the attributes that a store keeps, to the last bit", arguments: options)
  func attributes(options: [String]) throws {
    let every = options.contains { $0.hasPrefix("every") } ? [] : ["every=2"]
    let system = HolsteinSquareSystem(
      try ConfigurationSection(options + ["L=4"] + every, diagnostics: .init()), seed: .max - 1)
    let text = try JSONEncoder().encode(system.attributes)
    let attributes = try JSONDecoder().decode([String: Attribute].self, from: text)
    let again = try #require(try SystemCatalogue.make(attributes: attributes, layout: system.layout))
    #expect(again as? HolsteinSquareSystem == system)
    #expect(again.attributes == system.attributes)
    let plain = HolsteinSquareSystem(
      try ConfigurationSection(["L=4", "every=2"], diagnostics: .init()), seed: .max - 1)
    #expect(plain != system)
    var (one, other) = (
      try system.ensemble(1..<3, seed: 5, workers: 1), try again.ensemble(1..<3, seed: 5, workers: 2)
    )
    for _ in 0..<3 { #expect(try one.advance() == other.advance()) }
  }

  @Test("A point schedule and a seed of twenty digits come back, and nonsense is refused by name")
  func strangeAttributes() throws {
    var dynamics = SquareDynamics(noiseSeed: .max)
    dynamics.schedule = .points([.init(time: 0, temperature: 1), .init(time: 3, temperature: 0.2)])
    let system = try HolsteinSquareSystem.published(sites: 4, dynamics: dynamics)
    #expect(try HolsteinSquareSystem(attributes: system.attributes) == system)
    for (key, value) in [
      ("noise_seed", Attribute.number(3)), ("schedule", "constant"), ("sites", 5.0), ("kappa", 0.25),
      ("temperature", 0.0), ("engine", "magic"), ("keep_force", "yes"), ("dt", .null),
    ] {
      var attributes = system.attributes
      attributes[key] = value
      let error = #expect(throws: SystemError.self) { try HolsteinSquareSystem(attributes: attributes) }
      #expect(error?.message.isEmpty == false)
    }
  }
}
