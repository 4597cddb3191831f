internal import Foundation
internal import Zarr

/// How much of a trajectory is on the disk, as the stores' `length` says it.
enum StoredLength {
  /// - Returns: The frames that every one of the stores has; those that a store has deleted it has had.
  static func least(of trajectory: Int, in stores: [URL]) -> Int {
    stores.map { url in
      guard let reader = try? TrajectoryStoreReader(url) else { return 0 }
      return trajectory < reader.retired ? .max : trajectory < reader.trajectories ? reader.length(trajectory) : 0
    }.min() ?? .max
  }
}
