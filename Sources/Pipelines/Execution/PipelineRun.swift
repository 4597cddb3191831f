internal import Climate
public import Foundation
internal import Learning
internal import Logging
public import ServiceLifecycle
public import Streams
internal import Trajectories

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

  /// Makes (or finds) the run's folder and puts the pipeline together.
  /// - Parameters:
  ///   - directory: The run's own folder; the next number, or the latest one when resuming, if nil.
  ///   - resuming: Go on with what is there.
  ///   - program: What runs it, for its provenance.
  /// - Throws: `RunError` and whatever a component finds wrong with its files.
  public init(
    _ description: PipelineDescription, directory: URL? = nil, resuming: Bool,
    program: ProgramVersion = ProgramVersion(builtFrom: "unknown")
  ) throws {
    self.description = description
    self.program = program
    isResuming = resuming
    let parent = URL(filePath: description.directory)
    if let directory {
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
      do { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) } catch {
        throw RunError(.unwritable, "cannot make \(directory.relativePath): \(error.localizedDescription)")
      }
      self.directory = RunDirectory(directory)
    } else {
      self.directory = resuming ? try .latest(in: parent) : try .create(in: parent)
    }
    let events = EventHub()
    self.events = events
    let folder = self.directory
    let alarm = RunAlarm()
    self.alarm = alarm
    do {
      try description.text.write(to: folder.file("pipeline.yaml"), atomically: true, encoding: .utf8)
    } catch {
      throw RunError(.unwritable, "cannot write in \(folder.shown()): \(error.localizedDescription)")
    }
    try RunDirectory.noteArithmetic(in: folder, events)
    var made: PipelineAssembly?
    pipeline = try Pipeline(description.name) { graph in
      let assembly = PipelineAssembly(
        graph: graph, description: description, directory: folder, events: events, isResuming: resuming,
        alarm: alarm)
      made = assembly
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
    }
    assembly = made!
  }

  /// What was judged so far.
  var judged: JudgedCheckpoints { assembly.judged }
  /// What became of the checkpoints; nil when nobody asked.
  var ledger: CheckpointLedgerFile? { try? assembly.ledger() }
  /// The systems that frames come from.
  var systems: [any SystemDescription] { assembly.systems }

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
    let keeper = RunStateKeeper(directory, pipeline: description.name, program: program)
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
    let start = ContinuousClock.now
    status.print("\(isResuming ? "Going on" : "Running") in \(directory.shown())")
    let reporter = StatusReporter(graph: graph, events: events, status: status, start: start) { [self] event in
      if let event { return keeper.take(event) }
      keeper.note(judged: judged.count, best: best)
      keeper.write()
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
      status.clear()
      events.finish()
      throw error.cause is CancellationError ? RunError(.interrupted, "interrupted") : error
    }
    status.clear()
    events.send(.graph(graph.snapshot(), bottleneck: graph.snapshot().bottleneck))
    if let report {
      try? report(events.history).write(to: directory.file("report.html"), atomically: true, encoding: .utf8)
    }
    let summary = RunSummary(self, elapsed: .now - start)
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
