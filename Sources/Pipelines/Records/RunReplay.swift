internal import Climate
internal import Disk
public import Foundation
public import Streams
internal import Trajectories

/// `holstream view`: what a run told while it went on, made again from its logs.
public struct RunReplay: Sendable {
  /// The pipeline's name.
  public let title: String
  public let events: [RunEvent]
  /// The last state of the graph; empty where the run never said it.
  public let graph: GraphSnapshot

  /// Where the best checkpoint is, if one was judged the best.
  public let bestCheckpoint: URL

  /// Points of a curve that are drawn; of longer logs every second, third … line is read.
  private static let mostPoints = 2000

  /// - Throws: `RunError` for a folder that is no run's, and for one whose run has no logs to show.
  public init(_ run: URL) throws {
    let record = try RunRecord(run)
    title = record.state.pipeline
    graph = record.state.graph ?? GraphSnapshot(nodes: [], edges: [])
    bestCheckpoint = CheckpointFolder(record.directory.file("checkpoints")).bestLink
    var events: [RunEvent] = [
      .about(record.state.about(seed: record.description.seed, in: record.directory, record.description.text))
    ]
    for log in record.logs(of: .trainingSteps) {
      for step in try record.steps(log, most: Self.mostPoints) { events += EventCharts.events(of: step) }
    }
    for log in record.logs(of: .verdicts) {
      let charts = EventCharts(record.source(of: log.node))
      let verdicts = try record.verdicts(log)
      events += verdicts.map { .row($0.row(of: log.node)) }
      for verdict in verdicts.dropLast() { events += charts.scores(of: verdict) }
      if let last = verdicts.last { events += charts.events(of: last) }
    }
    for log in record.logs(of: .climate) {
      let charts = EventCharts(record.source(of: log.node))
      if let climate = try record.climate(log) { events += charts.events(of: climate) }
    }
    for log in record.logs(of: .frames) + record.logs(of: .observables) {
      events += try Self.observations(log, EventCharts(record.source(of: log.node)))
    }
    guard events.count > 1 else {
      throw RunError(
        .badInput,
        "\(record.directory.shown()) has no logs to show; a `jsonl` sink of the trainer, the verdicts or the climate "
          + "keeps them")
    }
    let state = record.state
    if let step = state.step, let steps = state.steps {
      events.append(
        .progress(.init(step: step, total: steps, loss: state.loss ?? .nan, rate: state.stepsPerSecond ?? 0)))
    }
    if !graph.edges.isEmpty { events.append(.graph(graph, bottleneck: graph.bottleneck)) }
    events += state.messages.map { .message($0) }
    events.append(.message("Shown again from its logs. " + state.why(in: record.directory)))
    self.events = events
  }

  /// Writes the page as one file.
  /// - Parameter make: Makes its text of the title and the events.
  /// - Throws: `DiskError` when it cannot be written.
  public func write(to url: URL, _ make: (String, [RunEvent]) -> String) throws {
    try WholeFile.replace(url.path, with: make(title, events), durability: .complete)
  }

  /// The numbers of the trajectory that came first in a log.
  private static func observations(_ log: RunRecord.Log, _ charts: EventCharts) throws -> [RunEvent] {
    var events: [RunEvent] = []
    var shown: Int?
    try RunRecord.read(log, as: [String: Double?].self, most: 20 * mostPoints) { line in
      guard let trajectory = line["trajectory"].flatMap({ $0 }).flatMap({ Int(exactly: $0) }),
        let time = line["time"].flatMap({ $0 })
      else { return }
      shown = shown ?? trajectory
      guard trajectory == shown else { return }
      let names = line.keys.filter { !["trajectory", "frame", "time"].contains($0) }.sorted()
      events += charts.events(
        of: Observation(
          trajectory: trajectory, index: 0, time: time, names: names,
          values: names.map { name in line[name].flatMap { $0 } ?? .nan }))
    }
    return events
  }
}

extension RunRecord {
  /// The source that a node's elements come from; nil where it cannot be had again.
  fileprivate func source(of node: String) -> (any TrajectorySource)? {
    description.source(above: node) { name in
      let sources = description.nodes.filter { $0.component is any TrajectoryProviding }
      let node = name.map { name in sources.first { $0.id == name } } ?? (sources.count == 1 ? sources[0] : nil)
      return try? (node?.component as? any TrajectoryProviding)?.trajectories()
    }
  }
}
