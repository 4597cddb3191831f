internal import ArgumentParser
import Dashboard
import Foundation
import Pipelines
import ServiceLifecycle
import Streams
import Transports

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a pipeline: simulate, store, train and judge, all at once.",
    discussion: """
      Every run gets a numbered folder, runs/<pipeline>/<number>, with the store, the checkpoints and the logs in it. \
      Ctrl-C stops cleanly at any moment: what was emitted is stored, a checkpoint is written, and

        holstream run pipelines/quickstart.yaml --resume

      goes on from there to the same bits as if it had not been stopped. Any key of the file can be overridden:

        holstream run pipelines/quickstart.yaml --set sources.lattice.holstein.sites=32 --set seed=3

      SIGUSR1 reloads the file, and with --reload-on-change saving it does: thresholds, cadences and the learning rate \
      can be changed while the run goes on, and anything else is refused by its name (docs/operations.md).

      Several processes share the work of one run under MPI, with the bits of one (docs/howto-cluster.md):

        mpirun -np 4 --bind-to none holstream run pipelines/deep.yaml

      With --judges and --simulators, workers on other machines do that (`holstream worker`, docs/cluster.md): what is \
      written is the same to the bit.
      """)

  @OptionGroup var file: PipelineFileOptions

  @Flag(help: "Go on with the latest run of this pipeline, or with the one that --directory names.")
  var resume = false

  @Option(help: "The run's own folder, instead of the next number under the pipeline's.", completion: .directory)
  var directory: String?

  @Flag(help: "Take over what can be changed whenever the pipeline file is saved.")
  var reloadOnChange = false

  @OptionGroup var workers: RunWorkerOptions
  @OptionGroup var page: PageOptions

  func run() async throws {
    try AddressSpace.check()
    guard let ranks = try RankedRun.join() else { return try await run(nil) }
    guard ranks.leads else {
      // What a launcher sends to all is for the first rank, which stops cleanly.
      // Heard to the end of the process.
      _ = Unmanaged.passRetained(StopSignals { ranks.askForStop() })
      signal(SIGUSR1, SIG_IGN)
      let (pipeline, overrides) = (URL(filePath: file.pipeline), file.overrides)
      await ranks.follow { try PipelineDescription(contentsOf: pipeline, overrides: overrides) }
    }
    do { try await run(ranks) } catch {
      let error = ranks.failure ?? error
      if ranks.failure != nil { StandardStream.error.print("holstream: \(error)") }
      ranks.end((ExitStatus(for: error) ?? .usage).rawValue)
      throw error
    }
    ranks.end(0)
  }

  private func run(_ ranks: RankedRun?) async throws {
    let (pipeline, overrides) = (URL(filePath: file.pipeline), file.overrides)
    try await perform(
      try file.description(), directory: directory, resuming: resume, page: page, ranks: ranks,
      workers: workers.open(isShared: ranks != nil),
      watching: reloadOnChange ? pipeline : nil
    ) {
      try PipelineDescription(contentsOf: pipeline, overrides: overrides)
    }
  }
}

/// Who does work of a run elsewhere.
struct RunWorkerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Let workers judge the checkpoints that are offered there: spool:/FOLDER or nats://HOST:4222.",
      valueName: "address"))
  var judges: String?
  @Option(
    help: ArgumentHelp("Let workers simulate the ensembles that are offered there.", valueName: "address"))
  var simulators: String?
  @Option(
    help: ArgumentHelp(
      "Address of this run's page for workers that do not share its disk, such as http://node7:8480.", valueName: "url")
  )
  var announce: String?
  @OptionGroup var transport: TransportOptions

  /// - Parameter isShared: Whether the run is one of several ranks, which share the simulation among themselves.
  func open(isShared: Bool) throws -> RunWorkers {
    if isShared, judges != nil || simulators != nil {
      throw ValidationError("--judges and --simulators are for a run of one process, not for one under mpirun")
    }
    if let announce, !["http://", "https://"].contains(where: { announce.hasPrefix($0) }) {
      throw ValidationError("--announce takes an address such as http://node7:8480, got \(announce)")
    }
    let page = announce.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    return RunWorkers(
      judges: try judges.map { try transport.open($0) }, simulators: try simulators.map { try transport.open($0) },
      page: page)
  }
}

struct PageOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Serve the live page.")
  var page = true

  @Flag(help: "Serve no page, but /metrics for Prometheus and /api/state.")
  var metricsOnly = false

  @Option(help: "Port of the live page; the next free one is taken if it is in use, 0 takes any.")
  var port: UInt16 = 8480

  @Option(help: "Address to bind the page to. Beyond loopback a token is asked for.")
  var address = "127.0.0.1"

  @Option(help: "Token that a browser must give; needed beyond loopback.")
  var token: String?

  /// The page of a run that is going on.
  func services(for run: PipelineRun, _ status: TerminalStatus) throws -> [any Service] {
    let server = try server(
      of: run.events, title: run.description.name, best: run.bestCheckpoint, checkpoints: run.checkpointFolder, status,
      { run.pipeline.graph.snapshot() }, metrics: { run.metrics })
    return server.map { [$0] } ?? []
  }

  /// The page of whatever tells events; nil where none is asked for.
  /// - Throws: `RunError` for an address that the page cannot be bound to.
  func server(
    of events: EventHub, title: String, best: URL?, checkpoints: URL? = nil, _ status: TerminalStatus,
    _ snapshot: @escaping @Sendable () -> GraphSnapshot, metrics: @escaping @Sendable () -> String = { "" },
    gallery: RunGallery? = nil
  ) throws -> DashboardServer? {
    guard page || metricsOnly else { return nil }
    do {
      return try DashboardServer(
        .init(address: address, port: port, token: token, best: best, isPage: !metricsOnly, checkpoints: checkpoints),
        events: events,
        title: title, snapshot: snapshot, metrics: metrics, gallery: gallery, announce: { status.print($0) })
    } catch {
      throw RunError(.usage, "\(error)")
    }
  }
}
