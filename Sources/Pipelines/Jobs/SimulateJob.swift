public import Foundation
internal import Settings
internal import Systems
internal import Trajectories
internal import Zarr

/// `holstream simulate`: a system of the catalogue into a store.
public struct SimulateJob: Sendable {
  private let system: String?
  private let settings: [String]
  private let origin: URL?
  private let frame: Int?
  private let checkpoint: URL?
  private let replayed: URL?
  private let trajectories: Int?
  private let seed: UInt64?
  private let length: SimulatedLength
  private let output: URL

  /// - Parameters:
  ///   - system: Word of the system; the Holstein chain, or what the store says, when nil.
  ///   - settings: `key=value` for the system's keys.
  ///   - origin: A store whose states are gone on from; new states when nil.
  ///   - frame: Of the store; the last of each trajectory when nil.
  ///   - checkpoint: A force field that gives the forces in place of the system's equations; nil for these.
  ///   - replayed: A log of labels whose learning on the fly is done again; nil to decide anew.
  ///   - trajectories, seed: Of new states; 1 each when nil.
  ///   - steps, frames, every: Time steps, or saved frames after the first, and how many steps lie between two saved
  ///     frames; `SimulatedLength` says what holds for those that are nil.
  public init(
    system: String? = nil, settings: [String] = [], origin: URL? = nil, frame: Int? = nil,
    checkpoint: URL? = nil, replaying replayed: URL? = nil, trajectories: Int? = nil, seed: UInt64? = nil,
    steps: Int? = nil, frames: Int? = nil, every: Int? = nil, output: URL
  ) {
    self.system = system
    self.settings = settings
    self.origin = origin
    self.frame = frame
    self.checkpoint = checkpoint
    self.replayed = replayed
    self.trajectories = trajectories
    self.seed = seed
    length = SimulatedLength(steps: steps, frames: frames, every: every)
    self.output = output
  }

  /// - Returns: What was done, for the user.
  /// - Throws: `RunError` for options that do not fit, `StoreError` for stores that cannot be read or written.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    try length.check(preset: preset)
    let forces = try LearnedSimulation(checkpoint: checkpoint, replaying: replayed)
    var (ensemble, system) = try start(forces)
    let (steps, every) = try length.steps(of: system, preset: preset)
    let start = ContinuousClock.now
    var attributes = StoreFields.attributes(
      of: system, interval: system.interval, seed: origin == nil ? seed ?? 1 : nil)
    attributes[StoreFields.forceFieldKey] = forces.summary.map(JSONValue.string)
    var made: (writer: TrajectoryStoreWriter, plan: StoreFields.Plan)?
    let patience = DiskPatience(halt: Interruption.signal) { status.print($0) }
    let frames = steps / every + 1
    let labels = LabelLog(output.appendingPathExtension("labels.jsonl"), node: "simulate", patience, nil)
    var learned = OnTheFlySummary()
    var replay = forces.replay
    defer { status.clear() }
    for done in 0..<frames {
      let round = try ensemble.advance()
      let records = ensemble.takeRecords()
      for record in records { learned.add(record, sites: system.layout.domain.sites ?? 1) }
      replay?.compare(records)
      let lost = ensemble.takeNotices()
      for notice in lost { status.print(notice) }
      // Made only now, so that what cannot be simulated leaves nothing behind, and frames show whether they carry forces.
      made = try made ?? patience.blocking(nil) { try create(system, round, attributes) }
      try labels.add(records, of: system, at: round.first?.time ?? 0)
      guard let (store, plan) = made else { throw Self.noSpace(output, nil) }
      for frame in round {
        guard frame.state.isFinite else {
          throw RunError(
            .badInput,
            "trajectory \(frame.trajectory) is no longer finite at time \(frame.time)\(lost.isEmpty ? "" : " (\(lost.joined(separator: "; ")))"); \(checkpoint == nil ? "take a smaller step than dt = \(system.dt)" : "the force field does not hold there")"
          )
        }
        guard try patience.blocking(nil, { try store.append(frame, plan) }) != nil else {
          throw Self.noSpace(output, store)
        }
      }
      if Interruption.isRequested {
        guard try patience.blocking(nil, { try store.close() }) != nil else { throw Self.noSpace(output, store) }
        throw RunError(
          .interrupted, "Stopped after \(done + 1) of \(frames) frames; they are in \(output.relativePath).")
      }
      status.progress("simulating", done: done + 1, of: frames, since: start)
    }
    guard try patience.blocking(nil, { try made?.writer.close() }) != nil else {
      throw Self.noSpace(output, made?.writer)
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let count = ensemble.trajectories.count
    return "Wrote \(count) trajectories of \(frames) frames to \(output.relativePath)"
      + (steps > 0
        ? String(format: " (%.2f µs per step and trajectory, storing included).", seconds * 1e6 / Double(steps * count))
        : ".") + Self.words(learned) + (replay.map { "\n\($0.words)" } ?? "")
  }

  /// What learning on the fly came to; nothing where nothing was learned.
  private static func words(_ learned: OnTheFlySummary) -> String {
    guard learned.siteSteps > 0 else { return "" }
    return String(
      format:
        "\nLearned on the fly: %.2f %% of the site-steps were solved, %d steps whole; %d versions; error of the force elsewhere %.2g by %d audited sites",
      100 * learned.share, learned.wholeSteps, learned.version, learned.error, learned.audited)
      + (learned.auditedSteps > 0
        ? String(
          format: " at the μ that was found, %.2g by %d steps that were solved whole beside at their own μ.",
          learned.wholeError, learned.auditedSteps)
        : " at the μ that was found; no step was audited whole (`on-the-fly.audit-steps`).")
  }

  /// The quench that is asked for by name, of the Holstein chain; nil for states from a store and for other systems.
  private var preset: HolsteinPreset? {
    guard origin == nil, (system ?? "holstein") == "holstein" else { return nil }
    return settings.last { $0.hasPrefix("preset=") }.flatMap { HolsteinPreset(rawValue: String($0.dropFirst(7))) }
  }

  private func create(_ system: any DynamicalSystem, _ frames: [Frame], _ attributes: [String: JSONValue]) throws
    -> (writer: TrajectoryStoreWriter, plan: StoreFields.Plan)
  {
    let fields = StoreFields.fields(
      of: system.layout, isSingle: false, withMids: system.hasMids,
      withTendencies: frames.contains { $0.tendency != nil })
    let plan = try StoreFields.Plan(fields, of: system.layout, in: output.relativePath)
    return (
      try TrajectoryStoreWriter(
        creating: output, layout: TrajectoryStoreLayout(fields: fields, attributes: attributes)), plan
    )
  }

  /// What a job says that was stopped while it waited for space.
  static func noSpace(_ output: URL, _ writer: TrajectoryStoreWriter?) -> RunError {
    let lost = writer.map { "\($0.abandon()) frames" } ?? "everything"
    return RunError(
      .unwritable,
      "Stopped while the disk was full: \(lost) could not be written to \(output.relativePath)"
        + (writer == nil ? "." : "; what is there is whole."))
  }

  private func start(_ forces: LearnedSimulation) throws -> (any Ensemble, any DynamicalSystem) {
    guard let origin else { return try anew(forces) }
    guard trajectories == nil, seed == nil else {
      throw RunError(
        .usage, "--from takes states from a store; --trajectories and --seed make new ones: give one or the other")
    }
    let store = try StoredTrajectories(origin)
    let system = try forces.applied(to: self.system(of: store))
    let states = try store.states(frame: frame)
    guard let first = states.first else { throw StoreError(.outOfRange, origin.path, "holds no trajectories") }
    let arranged = try states.map { try StoredSystem.arranged($0.state, as: system.layout, of: store) }
    return (try system.ensemble(from: arranged, firstTime: first.time, workers: Self.cores), system)
  }

  private func anew(_ forces: LearnedSimulation) throws -> (any Ensemble, any DynamicalSystem) {
    guard frame == nil else { throw RunError(.usage, "--frame goes with --from") }
    let trajectories = trajectories ?? 1
    guard (1...1_000_000).contains(trajectories) else {
      throw RunError(.usage, "--trajectories must be from 1 to 1 000 000, got \(trajectories)")
    }
    let seed = seed ?? 1
    let system = try forces.applied(
      to: Self.system(self.system ?? "holstein", settings + length.settings, seed: seed))
    return (try system.ensemble(0..<trajectories, seed: seed, workers: Self.cores), system)
  }

  /// The system that a store is of, with what is given changed in it.
  private func system(of store: StoredTrajectories) throws -> any DynamicalSystem {
    let found =
      try system.map { word in
        try Self.system(word, StoredSystem.implied(by: store, word: word, settings: settings), seed: 1)
      } ?? StoredSystem.dynamics(of: store, word: nil, settings: settings)
    return try found.with(dt: found.dt, saveEvery: length.every ?? found.saveEvery, midInterval: false)
  }

  /// A system by its word and `key=value` settings.
  /// - Throws: `RunError` or `ConfigurationError` that names what is wrong.
  static func system(_ word: String, _ settings: [String], seed: UInt64) throws -> any DynamicalSystem {
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(settings, diagnostics: diagnostics)
    guard let system = SystemCatalogue.make(word, section, seed: seed) else {
      throw RunError(.usage, Spelling.complaint("system", word, among: SystemCatalogue.words))
    }
    section.refuseUnknownKeys()
    do { try diagnostics.throwIfAny() } catch { throw RunError(.usage, "\(error)") }
    return system
  }

  static let cores = ProcessInfo.processInfo.activeProcessorCount
}
