internal import Foundation
internal import Trajectories

/// The trajectories of a run's source: from its store where they are in it, else made again, to the same bits.
struct RecordedTrajectories: TrajectorySource {
  let base: any TrajectorySource
  /// Nil when the run keeps no store, or one that lacks something.
  let store: StoredTrajectories?

  /// - Parameter stores: Where the run keeps the frames of `base`; the first one that can be used is.
  init(_ base: any TrajectorySource, stores: [URL]) {
    self.base = base
    store = stores.lazy.compactMap { try? StoredTrajectories($0) }
      .first { $0.layout == base.layout && $0.hasMids == base.hasMids }
  }

  var system: any SystemDescription { base.system }
  var interval: Double { base.interval }
  var isIntervalAssumed: Bool { base.isIntervalAssumed }
  var trajectories: Int? { base.trajectories }
  var order: StreamOrder? { base.order }
  var hasMids: Bool { base.hasMids }
  /// Of a log also what its memory has forgotten and the store has.
  func length(_ trajectory: Int) -> Int? { base.length(trajectory) ?? store?.length(trajectory) }

  /// Frames of a trajectory that the store has.
  func storedFrames(of trajectory: Int) -> Int { store?.length(trajectory) ?? 0 }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    if let store, storedFrames(of: trajectory) >= range.upperBound { return try store.frames(of: trajectory, range) }
    return try base.frames(of: trajectory, range)
  }
}
