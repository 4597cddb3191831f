import Foundation
import Settings
import Tensors
import Testing
import Trajectories

@testable import Systems

@Suite("A system from what a store says of it")
struct AttributesTests {
  /// The same attributes after a way through JSON.
  private func stored(_ attributes: [String: Attribute]) throws -> [String: Attribute] {
    try JSONDecoder().decode([String: Attribute].self, from: JSONEncoder().encode(attributes))
  }

  /// Whether the system and the one from its attributes give the same frames, to the bit.
  private func expectSame(_ system: any DynamicalSystem, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let attributes = try stored(system.attributes)
    let again = try #require(try SystemCatalogue.make(attributes: attributes, layout: system.layout))
    #expect(again.attributes == system.attributes, sourceLocation: sourceLocation)
    #expect(again.layout == system.layout && again.interval == system.interval, sourceLocation: sourceLocation)
    var one = try system.ensemble(3..<5, seed: 7, workers: 1)
    var other = try again.ensemble(3..<5, seed: 7, workers: 2)
    for _ in 0..<3 {
      let (frames, others) = (try one.advance(), try other.advance())
      #expect(frames == others, sourceLocation: sourceLocation)
      let isFinite = frames.allSatisfy { $0.state.isFinite }
      #expect(isFinite, sourceLocation: sourceLocation)
      let tendencies = [system, again].map { $0.tendency(of: frames[0].state, at: frames[0].time) }
      #expect(tendencies[0] != nil && tendencies[0] == tendencies[1], sourceLocation: sourceLocation)
    }
  }

  private static let options: [[String]] = [
    [], ["preset=deep", "pre-steps=13"], ["preset=paper-shallow"], ["preset=paper-deep", "pre-steps=3"], ["sites=6"],
    ["dt=0.0123456789012345"], ["every=7"], ["mid-interval=true"], ["phase-offsets=true"], ["noise=0.3"],
    ["initial-g=0.7"], ["g=0.1"], ["k0=0.35"], ["eta=0.9"], ["integrator=strang"], ["integrator=blanes-moan-4"],
    ["integrator=blanes-moan-6"], ["noise-on-momenta=false"], ["temperature=0.2"], ["disorder=0.7"],
    ["schedule.shape=ramp", "schedule.to=1.5", "schedule.start=0.1", "schedule.duration=0.3"],
    ["schedule.shape=pulse", "schedule.height=0.4", "schedule.centre=0.3", "schedule.width=0.21"],
    ["schedule.shape=oscillation", "schedule.amplitude=0.31", "schedule.period=0.7", "phase-offsets=true"],
    ["disorder=0.7", "integrator=strang", "schedule.shape=ramp", "temperature=0.1", "mid-interval=true", "noise=0.1"],
  ]

  @Test("Every option of the Holstein chain comes back from its attributes, to the last bit", arguments: options)
  func holstein(options: [String]) throws {
    let diagnostics = ConfigurationDiagnostics()
    let small = options.contains { $0.hasPrefix("sites") } ? [] : ["sites=8"]
    let short = options.contains { $0.hasPrefix("every") } ? [] : ["every=10"]
    let system = HolsteinSystem(
      try ConfigurationSection(options + small + short, diagnostics: diagnostics), seed: 11)
    #expect(diagnostics.problems == [])
    try expectSame(system)
    // What the option says does not drop out: it makes another chain than none.
    let plain = HolsteinSystem(
      try ConfigurationSection(["sites=8", "every=10"], diagnostics: diagnostics), seed: 11)
    #expect(options.isEmpty == (system.attributes == plain.attributes))
  }

  @Test("Points of a schedule, filling and hopping, which no setting has in one line, come back too")
  func rest() throws {
    var configuration = EnsembleConfiguration(preset: .shallow, sites: 8, seed: 0)
    configuration.saveEvery = 10
    configuration.schedule = .points([.init(time: 0.05, coupling: 0.3), .init(time: 0.21, coupling: 1.1)])
    configuration.parameters.filling = 0.375
    configuration.parameters.hopping = 0.9
    try expectSame(try HolsteinSystem(configuration))
  }

  @Test("Lorenz's and Kuramoto and Sivashinsky's equations come back from their attributes")
  func chaos() throws {
    var lorenz = Lorenz63(sigma: 9.5, rho: 29.25, beta: 2.1, dt: 0.0101, saveEvery: 6, transient: 31)
    try expectSame(lorenz)
    lorenz.sampling.midInterval = true
    try expectSame(lorenz)
    try expectSame(Lorenz96(sites: 12, forcing: 7.3, dt: 0.013, saveEvery: 4, transient: 9))
    try expectSame(KuramotoSivashinsky(length: 31.4, points: 48, dt: 0.21, saveEvery: 3, transient: 5))
    for type in SystemCatalogue.all {
      #expect(SystemCatalogue.kind(type.word)?.summary == type.summary)
      try expectSame(type.init(.listing(), seed: 1).with(dt: 0.01, saveEvery: 2, midInterval: false))
    }
  }

  @Test("What is missing, unknown or absurd is refused by name")
  func refusals() throws {
    let sound = try HolsteinSystem(EnsembleConfiguration(preset: .shallow, sites: 8, seed: 0)).attributes
    func refusal(_ change: (inout [String: Attribute]) -> Void) -> String {
      var attributes = sound
      change(&attributes)
      do {
        _ = try SystemCatalogue.make(attributes: attributes)
        return "accepted"
      } catch { return error.message }
    }
    #expect(refusal { _ in } == "accepted")
    // What a store adds for itself says nothing of the system.
    #expect(refusal { $0["written_by"] = "holstream" } == "accepted")
    for key in sound.keys.sorted() where !["system", "system_parameters"].contains(key) {
      #expect(refusal { $0[key] = nil }.contains("`\(key)`"), "\(key)")
    }
    #expect(
      refusal {
        $0["dispersion"] = 0.1
        $0["system_parameters"] = .list($0["system_parameters"]!.list! + ["dispersion"])
      }.contains("`dispersion`"))
    #expect(refusal { $0["sites"] = .number(9) }.contains("even"))
    #expect(refusal { $0["sites"] = .number(1e9) }.contains("`sites`"))
    #expect(refusal { $0["g"] = .number(.nan) }.contains("`g`"))
    #expect(refusal { $0["k0"] = .number(-1) }.contains("K₀"))
    #expect(refusal { $0["dt"] = .number(0.7) }.contains("time step"))
    #expect(refusal { $0["integrator"] = "euler" }.contains("rk4"))
    #expect(refusal { $0["disorder"] = Attribute([0.1]) }.contains("8 numbers"))
    #expect(refusal { $0["schedule"] = .object(["shape": "ramp", "to": 1.0]) }.contains("`schedule`"))
    #expect(refusal { $0["every"] = .number(1.5) }.contains("`every`"))
    // A system of another program is none of ours, and no error.
    #expect(try SystemCatalogue.make(attributes: ["system": "double-pendulum"]) == nil)
    #expect(throws: SystemError.self) {
      try SystemCatalogue.make(attributes: sound, layout: HolsteinSystem.layout(sites: 10))
    }
  }

  @Test("A store of an earlier version is a chain with its g, k0, eta and hopping, which goes on but does not begin")
  func legacy() throws {
    let layout = HolsteinSystem.layout(sites: 8)
    let attributes: [String: Attribute] = [
      "model": "1D semiclassical Holstein, Ehrenfest dynamics", "g": 0.8, "k0": 0.31, "eta": 0.7, "hopping": 1.1,
      "frame_interval": 0.64, "units": "hbar = t_hop = 1", "written_by": "holstream", "seed": 5.0,
    ]
    let system = try #require(try SystemCatalogue.make(attributes: attributes, layout: layout) as? HolsteinSystem)
    #expect(system.parameters == HolsteinParameters(coupling: 0.8, k0: 0.31, eta: 0.7, hopping: 1.1))
    #expect(system.saveEvery == 64 && system.interval == 0.64)
    #expect(system.attributes == attributes)
    #expect(throws: SystemError.self) { try system.ensemble(0..<1, seed: 1, workers: 1) }
    let start = try GroundState.chargeDensityWave(sites: 8, parameters: HolsteinParameters(coupling: 0.5)).state
    var ensemble = try system.ensemble(from: [start], firstTime: 3, workers: 1)
    #expect(try ensemble.advance()[0].state == start)
    #expect(try ensemble.advance()[0].time == 3.64)
    #expect(system.tendency(of: start, at: 0) == LatticeState(start).derivative(system.parameters).state)
  }

  @Test("Arrays of a chain without its parameters are recognised, and nothing is computed from guessed ones")
  func withoutParameters() throws {
    let layout = HolsteinSystem.layout(sites: 8)
    let known = try SystemCatalogue.description(of: layout, attributes: [:], name: "run")
    #expect(known.observables.map(\.name) == ["deltaRho", "deltaQ"])
    #expect(known.observable("purity") != nil && known.observable("energy") == nil)
    #expect(known.tendency(of: State(zero: layout), at: 0) == nil)
    #expect(known.symmetries.isEmpty)
    #expect(!known.invariants.contains { $0.name.contains("energy") || $0.name == "filling" })
    let other = try SystemCatalogue.description(of: StateLayout([Field("a", shape: [3])]), attributes: [:], name: "run")
    #expect(other.name == "run" && other.observables.count == 3)
  }

  @Test("Random JSON makes a system or a clear error, never a trap", arguments: SystemCatalogue.all.map { $0.word })
  func fuzz(word: String) throws {
    let type = try #require(SystemCatalogue.all.first { $0.word == word })
    let sound = type.init(.listing(), seed: 1).attributes
    let keys = sound.keys.sorted()
    var random = CounterRandom(seed: 3, purpose: .bootstrap)
    let values: [Attribute] = [
      .null, true, "x", "", .number(.nan), .number(.infinity), .number(-1), .number(0), .number(1e300),
      .number(.leastNonzeroMagnitude),
      .number(0.5), .number(7), .number(4096), .number(1e18), .number(-9.3e18), .list([]), Attribute([1, 2]),
      .list([.null]), .object([:]), .object(["shape": "points", "points": .list([.object([:])])]),
      .object(["shape": "points", "points": .list([])]),
      .object(["shape": "ramp", "to": 1.0, "start": .number(1e308), "duration": .number(.leastNonzeroMagnitude)]),
    ]
    var made = 0
    for _ in 0..<(word == "kuramoto-sivashinsky" ? 100 : 2000) {
      var attributes = sound
      for _ in 0...Int(random.next() % 3) {
        attributes[keys[Int(random.next() % UInt64(keys.count))]] = values[Int(random.next() % UInt64(values.count))]
      }
      do {
        guard let system = try SystemCatalogue.make(attributes: attributes) else { continue }
        made += 1
        if system.layout.count < 10_000 {
          _ = system.invariants.count + system.allObservables.count + system.symmetries.count
        }
        #expect(try type.init(attributes: system.attributes).attributes == system.attributes)
      } catch { #expect(!error.message.isEmpty) }
      attributes["system"] = nil
      if let layout = [nil, HolsteinSystem.layout(sites: 4)].randomElement(using: &random) {
        _ = try? SystemCatalogue.make(attributes: attributes, layout: layout)
      }
    }
    #expect(made > 5)
  }
}
