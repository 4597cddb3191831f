public import Foundation

/// How much of a growing store is kept: the oldest finished trajectories beyond it are deleted.
public enum StoreRetention: Sendable, Equatable {
  /// Bytes of chunk files.
  case bytes(Int)
  /// Since a trajectory was last written to.
  case age(Duration)
  /// The last so many trajectories.
  case trajectories(Int)
}

extension TrajectoryStoreWriter {
  /// Deletes the oldest trajectories beyond what is to be kept, as far as nobody holds a lease on them.
  ///
  /// They go in order: `retired` is the number of the first that is left. Their length becomes 0 before their files go.
  /// - Parameters:
  ///   - finished: Trajectories below this number get no more frames.
  ///   - now: For `age`.
  /// - Returns: How many were deleted.
  /// - Throws: `StoreError` when what was appended before cannot be stored.
  public func retain(_ retention: StoreRetention, finished: Int, now: Date = Date()) throws(StoreError) -> Int {
    try settle()
    let held = StoreLease.held(of: url).map(\.trajectories.lowerBound).min() ?? .max
    let most = min(finished, held, trajectories)
    var end = retired
    switch retention {
    case .trajectories(let count): end = max(end, min(most, appendedTrajectories - count))
    case .age(let age):
      let oldest = now.timeIntervalSince1970 - age / .seconds(1)
      while end < most, lastWritten(end) < oldest { end += 1 }
    case .bytes(let limit):
      var sizes = (end..<max(end, trajectories)).map { bytesOnDisk($0, isFinished: $0 < finished) }[...]
      var total = sizes.reduce(0, +)
      while end < most, total > limit, let size = sizes.popFirst() {
        total -= size
        end += 1
      }
    }
    guard end > retired else { return 0 }
    let count = end - retired
    try retire(before: end)
    return count
  }

  /// Bytes of a trajectory's chunk files.
  private func bytesOnDisk(_ trajectory: Int, isFinished: Bool) -> Int {
    if let known = knownSizes[trajectory] { return known }
    let size = chunkFiles(of: trajectory, frames: storedLength(trajectory)).reduce(0) { total, path in
      var status = stat()
      return stat(path, &status) == 0 ? total + Int(status.st_size) : total
    }
    if isFinished { knownSizes[trajectory] = size }
    return size
  }

  /// When the last chunk of a trajectory was written, in seconds since 1970.
  private func lastWritten(_ trajectory: Int) -> Double {
    var status = stat()
    guard let path = chunkFiles(of: trajectory, frames: storedLength(trajectory)).last, stat(path, &status) == 0 else {
      return -.infinity
    }
    return Double(status.st_mtim.tv_sec)
  }
}
