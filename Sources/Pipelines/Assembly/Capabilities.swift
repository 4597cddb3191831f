internal import Foundation
internal import Trajectories
internal import Zarr

/// A source whose trajectories can be had again without running the pipeline.
protocol TrajectoryProviding {
  /// - Throws: What a store throws that cannot be read.
  func trajectories() throws -> any TrajectorySource
  /// Ensembles, or passes over a store, that there are; nil without end.
  var rounds: Int? { get }
}

/// A source whose rows can be read again from their beginning before a run goes on.
protocol ReadingAgain {
  /// Reads what there is now.
  /// - Throws: Foundation's error when it cannot be read.
  func readThrough(_ body: (Observation) throws -> Void) throws
}

/// A source of frames that come once: of a log no trajectory can be had again when the run is over.
protocol ComingOnce {}

/// A source of a system that is known before the pipeline runs.
protocol SystemKnowing {
  var system: any SystemDescription { get }
}

/// A stage whose keys are words of a system: they are checked as soon as the system is known.
protocol SystemAware {
  /// - Parameter report: Is told what is wrong.
  func check(_ system: any SystemDescription, _ report: (String) -> Void)
}

/// A sink that keeps frames in a store.
protocol Storing {
  func url(in directory: RunDirectory) -> URL
  /// How the store was laid out when it was made, by the pipeline alone; nil where that does not say it.
  func layout(of node: PipelineDescription.Node, in description: PipelineDescription, directory: RunDirectory) throws
    -> TrajectoryStoreLayout?
}

/// A source of checkpoints.
protocol CheckpointWatching {
  func checkpoints(in directory: RunDirectory) -> CheckpointFolder
}

/// A sink that writes a log, relative to the run's folder.
protocol Logging {
  var path: String { get }
}

extension PipelineDescription {
  /// Why the frames of a node cannot be had again, and what can be done, where they are those of a log; nil for others.
  /// - Parameter node: The only one when nil.
  func comingOnce(_ node: String?, in directory: RunDirectory) -> String? {
    let logs = nodes.filter { $0.component is any ComingOnce }
    guard let log = logs.first(where: { $0.id == node }) ?? (node == nil && logs.count == 1 ? logs[0] : nil) else {
      return nil
    }
    let store = stores(of: log.id, in: directory).first { FileManager.default.fileExists(atPath: $0.path) }
    let remedy =
      store.map { "the run keeps its states in \(RunDirectory.shown($0)), which can be read again" }
      ?? "a zarr sink that reads `\(log.id)` would keep its states for that"
    return "`\(log.id)` is a log, whose rows come once and cannot be had again in their order; \(remedy)"
  }

  /// The stores that keep every frame of a source.
  func stores(of source: String, in directory: RunDirectory) -> [URL] {
    nodes.compactMap { node in
      node.from == source && node.delivery == .lossless ? (node.component as? any Storing)?.url(in: directory) : nil
    }
  }
}

/// A source whose ensembles can be simulated anywhere.
protocol EnsembleProviding {
  var simulated: SimulatedTrajectories { get }
}
