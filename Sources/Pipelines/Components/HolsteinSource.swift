internal import Foundation
internal import Settings
internal import Systems
internal import Learning
internal import Streams
internal import Synchronization
internal import Tensors
internal import Zarr

/// The simulator: ensembles of trajectories of the Holstein model, one after the other.
struct HolsteinSource: Component {
  static let word = "holstein"
  static let summary = "Simulates quenches of the 1D semiclassical Holstein model, ensemble after ensemble."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .frames

  private let configuration: EnsembleConfiguration
  private let trajectories: Int
  private let frames: Int
  let ensembles: Int?
  private let workers: Int
  /// Width W of the on-site disorder.
  private let disorder: Double

  init(_ section: ConfigurationSection) {
    let preset = section.choice(
      "preset", default: "shallow", among: HolsteinPreset.allCases.map { ($0.rawValue, $0) }, "The quench")
    var configuration = EnsembleConfiguration(preset: preset, sites: 16, seed: 0)
    configuration.sites = section.integer("sites", default: 16, "Sites L, even")
    trajectories = section.integer("trajectories", default: 8, in: 1...100_000, "Trajectories that advance together")
    frames = section.integer("frames", default: 301, in: 2...10_000_000, "Frames of each trajectory")
    ensembles = section.optionalInteger(
      "ensembles", in: 1...1_000_000, "Ensembles to simulate; without end when left out")
    configuration.dt = section.number("dt", default: 0.01, "Time step, ħ/t_hop")
    configuration.saveEvery = section.integer(
      "every", default: preset.saveEvery, in: 1...1_000_000, "Steps between frames")
    configuration.preSteps = section.integer("pre-steps", default: preset.preSteps, "Steps before the first frame")
    configuration.midInterval = section.flag(
      "mid-interval", default: false, "Frames carry the state half an interval before (PARC learns from it)")
    configuration.phaseOffsets = section.flag(
      "phase-offsets", default: false, "First frames are late by a random part of an interval")
    configuration.noise = section.number(
      "noise", default: 1e-4, in: 0...10, "Standard deviation of the initial noise on Q and P")
    configuration.initialCoupling = section.number(
      "initial-g", default: preset.initialCoupling, "Coupling before the quench")
    configuration.parameters.coupling = section.number(
      "g", default: preset.parameters.coupling, "Coupling after the quench")
    configuration.parameters.k0 = section.number(
      "k0", default: preset.parameters.k0, "K₀, the phonon frequency over the hopping")
    configuration.parameters.eta = section.number(
      "eta", default: preset.parameters.eta, "η, the electrons' force over g")
    configuration.integrator = section.choice(
      "integrator", default: Integrator.rungeKutta4.rawValue, among: Integrator.allCases.map { ($0.rawValue, $0) },
      "How time advances")
    configuration.schedule = Self.schedule(section.section("schedule", "g(t) after the quench"))
    configuration.noiseOnMomenta = section.flag(
      "noise-on-momenta", default: true, "P gets the initial noise, too (the paper's text: Q alone)")
    configuration.parameters.thermalEnergy = section.number(
      "temperature", default: configuration.parameters.thermalEnergy, in: 1e-12...1e6, "k_B T of the initial electrons")
    disorder = section.number(
      "disorder", default: 0, in: 0...1e3, "Width W of the on-site energies, uniform in ±W/2, one draw for the run")
    workers = section.integer("workers", default: 1, in: 1...256, "Cores that the simulator may use")
    do { try configuration.validate() } catch {
      section.problem(error.message, key: error.message.contains("sites") ? "sites" : "dt")
    }
    self.configuration = configuration
  }

  private static func schedule(_ section: ConfigurationSection) -> CouplingSchedule {
    enum Shape: String, CaseIterable { case constant, ramp, pulse, oscillation, points }
    let shape = section.choice(
      "shape", default: "constant", among: Shape.allCases.map { ($0.rawValue, $0) }, "What changes")
    let target = section.number("to", default: 1, "Coupling at the end of a ramp")
    let start = section.number("start", default: 0, "Time at which a ramp begins")
    let duration = section.number("duration", default: 10, "Length of a ramp")
    let height = section.number("height", default: 0.1, "Height of a pulse")
    let centre = section.number("centre", default: 50, "Time of a pulse")
    let width = section.number("width", default: 5, "Standard deviation of a pulse")
    let amplitude = section.number("amplitude", default: 0.1, "Amplitude of an oscillation")
    let period = section.number("period", default: 20, "Period of an oscillation")
    let points = section.list("points", "Corners of straight lines: { time, g }") { point in
      CouplingSchedule.Point(
        time: point.number("time", default: 0, "Time"), coupling: point.number("g", default: 1, "Coupling"))
    }
    let schedule: CouplingSchedule =
      switch shape {
      case .constant: .constant
      case .ramp: .ramp(to: target, start: start, duration: duration)
      case .pulse: .pulse(height: height, centre: centre, width: width)
      case .oscillation: .oscillation(amplitude: amplitude, period: period)
      case .points: .points(points ?? [])
      }
    do { try schedule.validate() } catch { section.problem(error.message) }
    return schedule
  }

  var sites: Int { configuration.sites }

  /// Whether this is the shallow quench as the published code has it, so that errors can be compared.
  var isPublishedShallowQuench: Bool {
    var published = EnsembleConfiguration(preset: .shallow, sites: configuration.sites, seed: configuration.seed)
    published.midInterval = configuration.midInterval
    return configuration == published && disorder == 0
  }

  /// What a run of this seed simulates.
  func trajectories(seed: UInt64) -> SimulatedTrajectories {
    var configuration = configuration
    configuration.seed = seed
    if disorder > 0 {
      var random = CounterRandom(seed: seed, purpose: .disorder)
      configuration.parameters.disorder = (0..<configuration.sites).map { _ in disorder * (random.uniform() - 0.5) }
    }
    return SimulatedTrajectories(configuration: configuration, trajectories: trajectories, frames: frames)
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let source = trajectories(seed: assembly.description.seed)
    // The ensemble in which both the trainer and the store can go on; it is simulated anew from its start.
    let first = assembly.isResuming ? try ResumePoint(assembly, node: node.id).ensemble(of: source) : 0
    assembly.register(source, as: node.id, startingAt: first * trajectories * frames)
    let state = Mutex(State(ensemble: first))
    let last = ensembles
    let workers = workers
    let refused = try DeadLetters(assembly.directory.file("refused-\(node.id).jsonl"))
    let flow: Flow<Frame> = assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
      try state.withLock { state in
        while true {
          if let frame = state.ready.popLast() {
            guard let reason = state.contract?.violation(of: frame) else { return frame }
            try refused.add(frame, reason: reason)
            continue
          }
          if state.running == nil || state.running!.nextIndex >= source.framesPerTrajectory {
            if state.running != nil { state.ensemble += 1 }
            if let last, state.ensemble >= last { return nil }
            let numbers = (state.ensemble * source.trajectories)..<((state.ensemble + 1) * source.trajectories)
            state.running = try HolsteinEnsemble(source.configuration, trajectories: numbers, workers: workers)
            state.contract = FrameContract(source.parameters, schedule: source.configuration.schedule)
          }
          state.ready = state.running!.advance().reversed()
        }
      }
    }
    return .frames(flow)
  }

  private struct State {
    var ensemble: Int
    var running: HolsteinEnsemble?
    var ready: [Frame] = []
    var contract: FrameContract?
  }
}

/// The trajectories of a seeded quench, of which any can be simulated alone.
struct SimulatedTrajectories: FrameSource {
  let configuration: EnsembleConfiguration
  /// Trajectories in an ensemble.
  let trajectories: Int
  let framesPerTrajectory: Int

  init(configuration: EnsembleConfiguration, trajectories: Int, frames: Int) {
    self.configuration = configuration
    self.trajectories = trajectories
    framesPerTrajectory = frames
  }

  var sites: Int { configuration.sites }
  var parameters: HolsteinParameters { configuration.parameters }
  var interval: Double { configuration.frameInterval }
  var hasMids: Bool { configuration.midInterval }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    var ensemble = try HolsteinEnsemble(configuration, trajectories: trajectory..<(trajectory + 1))
    var frames: [Frame] = []
    for index in 0..<range.upperBound {
      let frame = ensemble.advance()[0]
      if index >= range.lowerBound { frames.append(frame) }
    }
    return frames
  }
}

/// Frames that broke a law of physics: kept with the reason, never sent on.
final class DeadLetters: Sendable {
  private struct Letter: Codable, Sendable {
    var trajectory: Int
    var frame: Int
    var time: Double
    var reason: String
    var q: [Double]
    var p: [Double]
  }
  private let url: URL
  private let log = Mutex<JSONLinesLog?>(nil)

  init(_ url: URL) throws { self.url = url }

  func add(_ frame: Frame, reason: String) throws {
    try log.withLock { log in
      if log == nil { log = try JSONLinesLog(url) }
      try log!.append(
        Letter(
          trajectory: frame.trajectory, frame: frame.index, time: frame.time, reason: reason, q: frame.state.q,
          p: frame.state.p))
    }
  }
}

/// Where a run that was stopped can be gone on with.
struct ResumePoint {
  private let position: Int?
  private let stores: [URL]

  /// - Throws: `LearningError` or `StoreError` when what the earlier run left cannot be read.
  init(_ assembly: PipelineAssembly, node: String) throws {
    let latest = try CheckpointFolder(assembly.checkpointFolder).latest()
    position = latest.flatMap { $0.checkpoint.notes[OnlineTraining.positionNote] }.flatMap(Int.init)
    stores = assembly.description.nodes.compactMap { other in
      guard other.from == node, let sink = other.component as? ZarrSink else { return nil }
      return sink.url(in: assembly.directory)
    }
  }

  /// The first ensemble of which the trainer has not seen, or a store does not hold, everything.
  func ensemble(of source: SimulatedTrajectories) throws -> Int {
    var first = (position ?? 0) / (source.trajectories * source.framesPerTrajectory)
    for url in stores {
      guard let reader = try? TrajectoryStoreReader(url) else { return 0 }
      let incomplete =
        (reader.retired..<max(reader.retired, reader.trajectories)).first {
          reader.length($0) < source.framesPerTrajectory
        } ?? reader.trajectories
      first = min(first, incomplete / source.trajectories)
    }
    return first
  }
}
