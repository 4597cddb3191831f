internal import Foundation
internal import Systems
internal import Zarr

/// The trajectories of a run's source: from its store where they are in it, else made again, to the same bits.
struct RecordedTrajectories: FrameSource {
  let base: any FrameSource
  /// Nil when the run keeps no store, or one that lacks something.
  let store: StoredTrajectories?

  /// - Parameter stores: Where the run keeps the frames of `base`; the first one that can be used is.
  init(_ base: any FrameSource, stores: [URL]) {
    self.base = base
    store = stores.lazy.compactMap { try? StoredTrajectories($0) }
      .first { $0.sites == base.sites && $0.hasMids == base.hasMids }
  }

  var sites: Int { base.sites }
  var parameters: HolsteinParameters { base.parameters }
  var interval: Double { base.interval }
  var framesPerTrajectory: Int { base.framesPerTrajectory }
  var order: StreamOrder? { base.order }
  var hasMids: Bool { base.hasMids }

  /// Frames of a trajectory that the store has.
  func storedFrames(of trajectory: Int) -> Int {
    guard let reader = store?.reader, trajectory < reader.trajectories else { return 0 }
    return reader.length(trajectory)
  }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    if let store, storedFrames(of: trajectory) >= range.upperBound { return try store.frames(of: trajectory, range) }
    return try base.frames(of: trajectory, range)
  }
}

extension PipelineDescription {
  /// The stores that keep the frames of a source.
  func stores(of source: String, in directory: RunDirectory) -> [URL] {
    nodes.compactMap { node in
      node.from == source && node.delivery == .lossless ? (node.component as? ZarrSink)?.url(in: directory) : nil
    }
  }
}
