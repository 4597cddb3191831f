internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization
internal import Systems
internal import Trajectories

/// The simulator: ensembles of trajectories of a system of the catalogue, one after the other.
struct SimulateSource: Component, TrajectoryProviding, SystemKnowing, Simulating, EnsembleProviding {
  static let word = "simulate"
  static let summary =
    "Simulates a system of the catalogue, ensemble after ensemble (`simulate: { system: lorenz-96 }`)."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .frames

  let simulation: Simulation

  init(_ section: ConfigurationSection) { self.init(section, seed: 0) }
  init(_ section: ConfigurationSection, seed: UInt64) { simulation = Simulation(section, seed: seed) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    .frames(try simulation.frames(node, Self.word, in: assembly))
  }

  func trajectories() throws -> any TrajectorySource { simulation.trajectories }
  var rounds: Int? { simulation.ensembles }
  var simulated: SimulatedTrajectories { simulation.trajectories }
  var system: any SystemDescription { simulation.system }
}

/// The Holstein chain by its older name.
struct HolsteinSource: Component, TrajectoryProviding, SystemKnowing, Simulating, EnsembleProviding {
  static let word = "holstein"
  static let summary = "Simulates quenches of the 1D semiclassical Holstein model: `simulate` with `system: holstein`."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .frames

  let simulation: Simulation

  init(_ section: ConfigurationSection) { self.init(section, seed: 0) }
  init(_ section: ConfigurationSection, seed: UInt64) {
    simulation = Simulation(section, system: "holstein", seed: seed)
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    .frames(try simulation.frames(node, Self.word, in: assembly))
  }

  func trajectories() throws -> any TrajectorySource { simulation.trajectories }
  var rounds: Int? { simulation.ensembles }
  var simulated: SimulatedTrajectories { simulation.trajectories }
  var system: any SystemDescription { simulation.system }
}

/// The chaos benchmarks by their older name: as observables, a number for each component.
struct DynamicalSystemSource: Component {
  static let word = "dynamical-system"
  static let summary = "Streams every component of a chaos benchmark as observables; `simulate` streams its states."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .observables

  private let simulation: Simulation

  init(_ section: ConfigurationSection) { self.init(section, seed: 0) }
  init(_ section: ConfigurationSection, seed: UInt64) {
    simulation = Simulation(section, default: "lorenz-63", seed: seed)
    // Every key of every system used to be allowed under this word.
    for key in ["sites", "forcing", "length", "points"] where !section.keys.contains(where: { $0.name == key }) {
      _ = section.optionalNumber(key, "Of another system; does nothing here")
    }
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let layout = simulation.system.layout
    let names = zip(layout.fields, layout.ranges).flatMap { field, range in
      range.count == 1 ? [field.name] : range.indices.map { "\(field.name)\($0)" }
    }
    let next = try simulation.stream(node, in: assembly, isRegistered: false)
    let flow: Flow<Observation> = assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
      try next().map {
        Observation(
          trajectory: $0.trajectory, index: $0.index, time: $0.time, names: names, values: $0.state.values)
      }
    }
    return .observables(flow)
  }
}

/// A source that simulates, which several ranks can share.
protocol Simulating {
  var simulation: Simulation { get }
}

/// What the words for a simulator have in common: a system, and how many of its trajectories are asked for.
struct Simulation: Sendable {
  let system: any DynamicalSystem
  let seed: UInt64
  let abreast: Int
  let frames: Int
  let ensembles: Int?
  let workers: Int
  private let stopsAtRefusal: Bool

  private static let mostFrames = 1_000_000_000_000_000

  /// - Parameters:
  ///   - system: The system where the component's word says it; nil to read it from the key `system`.
  ///   - fallback: The system when the key is left out.
  ///   - seed: Of the run.
  init(_ section: ConfigurationSection, system: String? = nil, default fallback: String = "holstein", seed: UInt64) {
    let word = system ?? Self.word(section, default: fallback)
    self.seed = seed
    abreast = section.integer("trajectories", default: 8, in: 1...100_000, "Trajectories that advance together")
    frames = section.integer(
      "frames", default: word == "holstein" ? 301 : 1000, in: 2...100_000_000, "Frames of each trajectory")
    let rounds = section.optionalInteger(
      "ensembles", in: 1...1_000_000, "Ensembles to simulate; without end when left out")
    // Frames are counted: their number must be one, with room for sums.
    let isCountable = abreast * frames <= Self.mostFrames / (rounds ?? 1)
    if !isCountable {
      section.problem(
        "\(abreast) trajectories of \(frames) frames\(rounds.map { " in \($0) ensembles" } ?? "") are more than \(Self.mostFrames) frames"
      )
    }
    ensembles = rounds
    stopsAtRefusal = section.choice(
      "refused", default: "continue", among: [("continue", false), ("stop", true)],
      "What the run does with a frame that is not finite or breaks a law: goes on without it, or ends")
    workers = section.integer("workers", default: 1, in: 1...256, "Cores that the simulator may use")
    self.system = SystemCatalogue.make(word, section, seed: seed)!
  }

  /// The key `system`; of a word that names none, the nearest is suggested.
  private static func word(_ section: ConfigurationSection, default fallback: String) -> String {
    let word = section.text("system", default: fallback, "The system (`holstream systems` lists them)")
    if SystemCatalogue.kind(word) != nil { return word }
    section.problem(Spelling.complaint("system", word, among: SystemCatalogue.words), key: "system")
    section.ignoreUnknownKeys()
    return fallback
  }

  /// What a run simulates.
  var trajectories: SimulatedTrajectories {
    SimulatedTrajectories(system, seed: seed, abreast: abreast, frames: frames, ensembles: ensembles)
  }

  /// The frames as a source of the graph.
  func frames(_ node: PipelineDescription.Node, _ kind: String, in assembly: PipelineAssembly) throws -> Flow<Frame> {
    let next = try stream(node, in: assembly, isRegistered: true)
    return assembly.graph.source(node.id, kind: kind, on: ThreadExecutor(name: node.id)) { try next() }
  }

  /// Gives the next sound frame at each call; nil after the last.
  func stream(
    _ node: PipelineDescription.Node, in assembly: PipelineAssembly, isRegistered: Bool
  ) throws -> @Sendable () throws -> Frame? {
    let source = trajectories
    var first = 0
    if isRegistered {
      // The ensemble in which both the trainer and the store can go on; it is simulated anew from its start.
      if assembly.isResuming { first = try ResumePoint(assembly, node: node.id).ensemble(of: source) }
      assembly.register(source, as: node.id, startingAt: first * abreast * frames)
    }
    let state = Mutex(Progress(ensemble: first))
    let elsewhere = isRegistered ? remote(node, source, in: assembly) : nil
    let refused = DeadLetters(assembly.directory.file("refused-\(node.id).jsonl"), assembly.patience)
    let shared = isRegistered ? assembly.sharedFrames : nil
    let place = assembly.description.nodes.firstIndex { $0.id == node.id } ?? 0
    let (workers, invariants, stopsAtRefusal) = (workers, source.system.invariants, stopsAtRefusal)
    let labels = LabelLog(
      assembly.directory.file("labels-\(node.id).jsonl"), node: node.id, assembly.patience, assembly.events)
    return {
      try state.withLock { state in
        while true {
          if let frame = state.ready.popLast() {
            guard let reason = state.contract?.violation(of: frame) else { return frame }
            try refused.add(frame, reason: reason)
            if stopsAtRefusal {
              throw RunError(
                .badInput,
                "\(node.id): frame \(frame.index) of trajectory \(frame.trajectory) was refused (`refused: stop`): \(reason)"
              )
            }
            continue
          }
          if state.running == nil || state.running!.nextIndex >= source.framesPerTrajectory {
            if state.running != nil { state.ensemble += 1 }
            if let last = source.ensembles, state.ensemble >= last { return nil }
            state.running =
              try shared?.ensemble(
                source.numbers(of: state.ensemble), of: source, node: node.id, place: place, workers: workers)
              ?? elsewhere?.ensemble(state.ensemble)
              ?? source.ensemble(state.ensemble, workers: workers)
            state.contract = FrameContract(invariants)
          }
          let frames: [Frame]
          do { frames = try state.running!.advance() } catch is RemoteSimulators.Stopped { return nil }
          try labels.add(state.running!.takeRecords(), of: source.dynamics, at: frames.first?.time ?? 0)
          for notice in state.running!.takeNotices() { assembly.events.send(.message("\(node.id): \(notice)")) }
          state.ready = frames.reversed()
        }
      }
    }
  }

  /// Who simulates it elsewhere; nil where nobody does.
  private func remote(_ node: PipelineDescription.Node, _ source: SimulatedTrajectories, in assembly: PipelineAssembly)
    -> RemoteSimulators?
  {
    guard let transport = assembly.workers.simulators else { return nil }
    let stores = assembly.description.stores(of: node.id, in: assembly.directory)
    var stored: (@Sendable (Int) -> Int)?
    if !stores.isEmpty { stored = { StoredLength.least(of: $0, in: stores) } }
    return RemoteSimulators(
      transport, scope: RunWorkers.scope(of: assembly.directory), node: node.id, pipeline: assembly.description.text,
      source: source, stored: stored,
      events: assembly.events, roster: assembly.roster, stop: assembly.graph.stop)
  }

  private struct Progress {
    var ensemble: Int
    var running: (any Ensemble)?
    var ready: [Frame] = []
    var contract: FrameContract?
  }
}
