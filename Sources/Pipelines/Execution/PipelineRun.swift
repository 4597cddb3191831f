internal import Climate
internal import Disk
public import Foundation
internal import Learning
internal import Logging
public import ServiceLifecycle
public import Streams
internal import Synchronization
internal import Trajectories
internal import Zarr

/// One run of a pipeline, from its folder to its summary.
public final class PipelineRun: Sendable {
  public let description: PipelineDescription
  public let directory: RunDirectory
  public let pipeline: Pipeline
  /// What the page shows.
  public let events: EventHub
  private let isResuming: Bool
  private let alarm: RunAlarm
  private let assembly: PipelineAssembly
  private let program: ProgramVersion
  /// Held until the run has ended.
  private let lock: Mutex<FileLock?>
  private let place: Place
  private let taps: RunTaps
  private let reloading: RunReload

  /// Makes (or finds) the run's folder and puts the pipeline together.
  /// - Parameters:
  ///   - directory: The run's own folder; the next number, or the latest one when resuming, if nil.
  ///   - resuming: Go on with what is there.
  ///   - program: What runs it, for its provenance.
  ///   - ranks: Other processes that share its work, which `begin` has heard of; nil for none.
  ///   - workers: Who does work of it elsewhere.
  /// - Throws: `RunError` and whatever a component finds wrong with its files.
  public init(
    _ description: PipelineDescription, directory: URL? = nil, resuming: Bool,
    program: ProgramVersion = ProgramVersion(builtFrom: "unknown"), ranks: RankedRun? = nil,
    workers: RunWorkers = RunWorkers()
  ) throws {
    self.description = description
    self.program = program
    isResuming = resuming
    let parent = URL(filePath: description.directory)
    if let directory {
      try Self.check(directory, resuming: resuming)
      do { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) } catch {
        throw RunError(.unwritable, "cannot make \(directory.relativePath): \(error.localizedDescription)")
      }
      self.directory = RunDirectory(directory)
      lock = Mutex(try self.directory.lock())
      // Again: of two that begin at once the second has waited for nothing, but the first has begun.
      try Self.check(directory, resuming: resuming)
    } else {
      self.directory = resuming ? try .latest(in: parent) : try .create(in: parent)
      lock = Mutex(try self.directory.lock())
    }
    place = try Place(self.directory.url.path)
    let events = EventHub()
    self.events = events
    let folder = self.directory
    let alarm = RunAlarm()
    self.alarm = alarm
    let file = folder.file("pipeline.yaml")
    let earlier = resuming ? try? PipelineDescription(contentsOf: file, components: description.components) : nil
    let changes = earlier.map { description.differences(from: $0) } ?? []
    // What a run ran with stays its own until another can be gone on with.
    if !resuming { try WholeFile.replace(file.path, with: description.text, durability: .complete) }
    try RunDirectory.noteArithmetic(in: folder, events)
    // Before anybody reads a store: what a loss of power took is not there to go on from.
    if resuming { try Self.recover(description, in: folder, events) }
    var made: (assembly: PipelineAssembly, flows: [String: AnyFlow])?
    pipeline = try Pipeline(description.name) { graph in
      let assembly = PipelineAssembly(
        graph: graph, description: description, directory: folder, events: events, isResuming: resuming,
        changes: changes, alarm: alarm, sharedFrames: ranks?.frames, workers: workers)
      var flows: [String: AnyFlow] = [:]
      for node in description.nodes {
        // What is only there to be judged by needs not run; it would have no end.
        if let source = node.component as? any TrajectoryProviding, source.rounds == nil,
          description.until != node.id, !description.nodes.contains(where: { $0.from == node.id })
        {
          assembly.register(try source.trajectories(), as: node.id, startingAt: 0)
          continue
        }
        flows[node.id] = try node.component.attach(node, to: node.from.flatMap { flows[$0] }, in: assembly)
      }
      if let until = description.until { graph.end(with: until) }
      made = (assembly, flows)
    }
    assembly = made!.assembly
    taps = RunTaps(assembly, made!.flows)
    reloading = RunReload(assembly)
    if resuming { try WholeFile.replace(file.path, with: description.text, durability: .complete) }
  }

  /// - Throws: `RunError` for a folder that is not what is asked for.
  private static func check(_ directory: URL, resuming: Bool) throws {
    let exists = FileManager.default.fileExists(atPath: directory.appending(path: "pipeline.yaml").path)
    if exists, !resuming {
      throw RunError(
        .usage,
        "\(directory.relativePath) holds a run already; add --resume to go on with it, or choose another --directory")
    }
    if !exists, resuming {
      throw RunError(
        .nothingToResume, "there is no run in \(directory.relativePath); leave --resume out to start one")
    }
  }

  /// Makes stores whole again from which a loss of power has taken something, and says what it took.
  private static func recover(_ description: PipelineDescription, in folder: RunDirectory, _ events: EventHub) throws {
    for node in description.nodes {
      guard let sink = node.component as? any Storing else { continue }
      let recovery = try StoreRecovery(sink.url(in: folder)) { () throws(StoreError) in
        do { return try sink.layout(of: node, in: description, directory: folder) } catch {
          throw StoreError(.corrupt, sink.url(in: folder).path, "\(error)")
        }
      }
      if let recovery { events.send(.message("\(recovery)")) }
    }
  }

  /// What was judged so far.
  var judged: JudgedCheckpoints { assembly.judged }
  /// What became of the checkpoints; nil when nobody asked.
  var ledger: CheckpointLedgerFile? { try? assembly.ledger() }
  /// The systems that frames come from.
  var systems: [any SystemDescription] { assembly.systems }

  /// Where the best checkpoint will be, once there is one.
  public var bestCheckpoint: URL { CheckpointFolder(directory.file("checkpoints")).bestLink }

  /// The run's own checkpoints, for workers that do not share its disk.
  public var checkpointFolder: URL { directory.file("checkpoints") }

  /// What Prometheus is told of the run itself, in its text format.
  public var metrics: String {
    guard let state = try? RunState(of: directory) else { return "" }
    return RunMetrics(state: state, directory: directory).text + assembly.roster.metrics
  }

  /// The best checkpoint by the first of the judges.
  private var best: RunState.Best? {
    guard let judge = description.nodes.first(where: { $0.component is any Judging }),
      let best = ledger?.current.best(by: judge.id)
    else { return nil }
    return RunState.Best(
      step: best.step, measure: best.measure, score: best.score, words: judged.words[best.step])
  }

  /// Calls `body` with the number of every training step, on the trainer's side of it.
  func watchSteps(_ body: @escaping @Sendable (Int) -> Void) {
    let events = events.events()
    Task { for await case .progress(let progress) in events { body(progress.step - 1) } }
  }

  /// Takes over what has changed in the pipeline file, as far as that can be changed while the run goes on. What became of it
  /// is said in the run's messages.
  /// - Parameter read: The file as it is now.
  public func reload(_ read: () throws -> PipelineDescription) { reloading(read) }

  /// Asks for a clean stop: the sources end, what they have emitted still flows into the sinks.
  public func stop() { pipeline.stop() }

  /// Runs to the end, or until it is stopped.
  /// - Parameters:
  ///   - services: What runs beside the pipeline, such as the page; ended with it.
  ///   - report: Makes the one-file report from everything that was shown.
  /// - Throws: `RunError.interrupted` after a clean stop, and the failure of a node.
  public func execute(
    alongside services: [any Service] = [], status: TerminalStatus = TerminalStatus(),
    report: (([RunEvent]) -> String)? = nil
  ) async throws -> RunSummary {
    let keeper = RunStateKeeper(
      directory, pipeline: description.name, configuration: description.fingerprint, program: program)
    reloading.onAdoption { [events, directory] now in
      keeper.adopt(configuration: now.fingerprint)
      events.send(.about(keeper.current.about(seed: now.seed, in: directory, now.text)))
    }
    do {
      let summary = try await execute(alongside: services, status: status, report: report, keeper)
      keeper.end(nil)
      return summary
    } catch {
      keeper.end(error)
      throw error
    }
  }

  private func execute(
    alongside services: [any Service], status: TerminalStatus, report: (([RunEvent]) -> String)?,
    _ keeper: RunStateKeeper
  ) async throws -> RunSummary {
    let events = events
    let graph = pipeline.graph
    let patience = assembly.patience
    defer {
      AppendedFile.synchroniseAll()
      lock.withLock { $0 = nil }
    }
    let start = ContinuousClock.now
    events.send(.about(keeper.current.about(seed: description.seed, in: directory, description.text)))
    status.print("\(isResuming ? "Going on" : "Running") in \(directory.shown())")
    let reporter = StatusReporter(graph: graph, events: events, status: status, start: start) { [self] event in
      if let event { return keeper.take(event) }
      keeper.note(judged: judged.count, best: best)
      keeper.write()
      taps.look()
    }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: pipeline, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup),
          .init(service: reporter, successTerminationBehavior: .ignore),
        ]
          + services.map {
            .init(service: $0, successTerminationBehavior: .ignore, failureTerminationBehavior: .ignore)
          },
        logger: Logger(label: "holstream") { _ in SwiftLogNoOpLogHandler() }))
    do {
      try await group.run()
    } catch let error as NodeError {
      await taps.end()
      status.clear()
      events.finish()
      throw error.cause is CancellationError ? RunError(.interrupted, "interrupted") : error
    }
    await taps.end()
    status.clear()
    events.send(.graph(graph.snapshot(), bottleneck: graph.snapshot().bottleneck))
    if let report {
      let file = directory.file("report.html")
      let text = report(events.history)
      _ = try await patience(file.lastPathComponent) {
        try WholeFile.replace(file.path, with: text, durability: .complete)
      }
    }
    try place.check()
    let summary = RunSummary(self, elapsed: .now - start)
    if !patience.lost.isEmpty {
      events.finish()
      throw RunError(
        .unwritable,
        "Stopped while the disk was full; these could not be written: \(patience.lost.joined(separator: ", ")). What is in \(directory.shown()) is whole. To go on when there is space, add: --directory \(directory.shown()) --resume"
      )
    }
    if pipeline.wasStoppedFromOutside {
      events.finish()
      throw RunError(
        .interrupted,
        "Stopped cleanly; everything is in \(directory.shown()). To go on, add: --directory \(directory.shown()) --resume"
      )
    }
    events.finish()
    if let reason = alarm.reason {
      throw RunError(
        .alert,
        "Stopped by a threshold: \(reason). Everything is in \(directory.shown()); to go on, add: --directory \(directory.shown()) --resume"
      )
    }
    return summary
  }
}
