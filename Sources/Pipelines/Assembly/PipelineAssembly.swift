internal import Foundation
public import Streams
internal import Synchronization
internal import Tensors
public import Trajectories

/// What components share while a pipeline is put together and runs.
public final class PipelineAssembly: Sendable {
  public let graph: Graph
  public let description: PipelineDescription
  /// The run's own folder, where a component writes what it keeps.
  public let directory: RunDirectory
  /// What the page, the report and the terminal are told by.
  public let events: EventHub
  /// Whether an earlier run in the same folder is gone on with.
  public let isResuming: Bool
  /// What has changed in the pipeline file since the run was begun, of a run that is gone on with.
  let changes: [PipelineDescription.Difference]
  /// Raised by a threshold that stops the run.
  let alarm: RunAlarm
  /// Other processes that share the gradient, and the simulation; nil for a process alone.
  let ranks: RankGroup?
  let sharedFrames: SharedFrames?
  /// Through which everything is written.
  let patience: DiskPatience
  /// Who does work of the run elsewhere.
  let workers: RunWorkers
  /// Those of them that were seen.
  let roster = WorkerRoster()
  /// Filled by the judges.
  let judged = JudgedCheckpoints()
  private let sources = Mutex<[String: any TrajectorySource]>([:])
  private let ledgerFile = Mutex<CheckpointLedgerFile?>(nil)
  private let startPositions = Mutex<[String: Int]>([:])
  private let lives = Mutex<[String: @Sendable (any Component, @escaping @Sendable () -> Void) -> Void]>([:])

  init(
    graph: Graph, description: PipelineDescription, directory: RunDirectory, events: EventHub, isResuming: Bool,
    changes: [PipelineDescription.Difference] = [], alarm: RunAlarm = RunAlarm(),
    sharedFrames: SharedFrames? = nil, workers: RunWorkers = RunWorkers()
  ) {
    self.workers = workers
    self.graph = graph
    self.description = description
    self.directory = directory
    self.events = events
    self.isResuming = isResuming
    self.changes = changes
    self.alarm = alarm
    self.sharedFrames = sharedFrames
    ranks = sharedFrames?.ranks
    patience = DiskPatience(halt: graph.halt) { events.send(.message($0)) }
  }

  var checkpointFolder: URL { directory.file("checkpoints") }

  /// The checkpoints that a node watches; the run's own for any other.
  func checkpoints(watchedBy node: String?) -> CheckpointFolder {
    let watching = description.nodes.first { $0.id == node }?.component as? any CheckpointWatching
    return watching?.checkpoints(in: directory) ?? CheckpointFolder(checkpointFolder)
  }

  /// Why a node refuses to go on, with the keys of its own that have changed, and the seed.
  func refusal(of node: PipelineDescription.Node, _ error: RunError) -> RunError {
    let own = "\(node.role.rawValue).\(node.id)."
    let changed = changes.filter { $0.path.hasPrefix(own) || $0.path == "seed" }.map(\.words)
    let what = changed.isEmpty ? error.message : "\(changed.joined(separator: "; ")); \(error.message)"
    return RunError(
      error.code,
      "\(node.id): \(what). Start a new run, or go on with the run's own file: \(directory.shown("pipeline.yaml"))")
  }

  /// The systems that frames come from, by no particular order.
  var systems: [any SystemDescription] { sources.withLock { $0.values.map(\.system) } }

  /// What became of the run's checkpoints; one for all who ask.
  /// - Throws: `LogError` when its file cannot be read or written.
  func ledger() throws -> CheckpointLedgerFile {
    try ledgerFile.withLock { file in
      if let file { return file }
      let new = try CheckpointLedgerFile(directory.file("ledger.jsonl"))
      file = new
      return new
    }
  }

  /// The logs that get everything that a node gives.
  func logs(of node: String) -> [URL] {
    description.nodes.compactMap { other in
      other.from == node && other.delivery == .lossless
        ? (other.component as? any Logging).map { directory.file($0.path) } : nil
    }
  }

  /// Whether a trajectory is never trained on, but judged by.
  public func isHeldOut(_ trajectory: Int) -> Bool { description.isHeldOut(trajectory) }

  /// The numbers of the first held-out trajectories.
  func heldOut(_ count: Int) -> [Int] { (0..<count).map { ($0 + 1) * description.heldOutOneIn - 1 } }

  /// The numbers of the first held-out trajectories that a source has with so many frames; fewer where there are no more.
  func heldOut(_ count: Int, of source: any TrajectorySource, frames: Int) -> [Int] {
    guard let there = source.trajectories else { return heldOut(count) }
    let numbers = stride(from: description.heldOutOneIn - 1, to: there, by: description.heldOutOneIn)
    return Array(numbers.lazy.filter { (source.length($0) ?? 0) >= frames }.prefix(count))
  }

  /// A component that asks what it is now, because the file may be changed under way.
  func live<Value: Changeable>(_ component: Value, of node: PipelineDescription.Node) -> Live<Value> {
    let live = Live(component)
    let replace: @Sendable (any Component, @escaping @Sendable () -> Void) -> Void = { component, done in
      guard let component = component as? Value else { return done() }
      guard !Value.confirmsChanges else { return live.replace(with: component, done: done) }
      live.replace(with: component, done: {})
      done()
    }
    lives.withLock { lives in lives[node.id] = replace }
    return live
  }

  /// Gives a node that runs the component of another description of it.
  /// - Parameter done: Called when it was taken over.
  func replace(_ node: PipelineDescription.Node, done: @escaping @Sendable () -> Void) {
    guard let replace = lives.withLock({ $0[node.id] }) else { return done() }
    replace(node.component, done)
  }

  /// Makes a source's trajectories known to those that want them again: trainers that go on, judges.
  /// - Parameter position: Number of the first frame that it will emit, counted from the beginning of the first run.
  public func register(_ source: any TrajectorySource, as name: String, startingAt position: Int) {
    sources.withLock { $0[name] = source }
    startPositions.withLock { $0[name] = position }
  }

  /// The source of frames with this name, or the only one there is.
  public func trajectorySource(_ name: String?) -> (any TrajectorySource)? {
    sources.withLock { sources in name.map { sources[$0] } ?? (sources.count == 1 ? sources.values.first : nil) }
  }

  /// Number of the first frame that a source will emit, counted from the beginning of the first run.
  func startPosition(of source: String) -> Int { startPositions.withLock { $0[source] ?? 0 } }
}
