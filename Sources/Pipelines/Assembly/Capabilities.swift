internal import Foundation
internal import Trajectories

/// A source whose trajectories can be had again without running the pipeline.
protocol TrajectoryProviding {
  /// - Throws: What a store throws that cannot be read.
  func trajectories() throws -> any TrajectorySource
  /// Ensembles, or passes over a store, that there are; nil without end.
  var rounds: Int? { get }
}

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
  /// The stores that keep every frame of a source.
  func stores(of source: String, in directory: RunDirectory) -> [URL] {
    nodes.compactMap { node in
      node.from == source && node.delivery == .lossless ? (node.component as? any Storing)?.url(in: directory) : nil
    }
  }
}
