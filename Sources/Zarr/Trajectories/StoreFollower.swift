/// Sees what is added to a store while it is written.
///
/// Nothing is subscribed to: a look at the array `length` tells everything, also on file systems without notifications.
public struct StoreFollower: Sendable {
  /// The store as it was at the last look.
  public private(set) var reader: TrajectoryStoreReader
  /// Frames of each trajectory that were given out.
  private var seen: [Int] = []

  /// - Parameter includingPresent: Give out what is there already, too.
  public init(_ reader: TrajectoryStoreReader, includingPresent: Bool = true) {
    self.reader = reader
    if !includingPresent { seen = (0..<reader.trajectories).map { reader.length($0) } }
  }

  /// Whether a writer has the store open now.
  public var isWritten: Bool { StoreLock.isHeld(for: reader.url) }

  /// Frames that have been stored since the last look, by trajectory; empty when there are none.
  /// - Throws: `StoreError` when the store can no longer be read.
  public mutating func look() throws(StoreError) -> [TrajectoryStoreReader.Window] {
    reader = try reader.refreshed()
    var new: [TrajectoryStoreReader.Window] = []
    if seen.count < reader.trajectories { seen += Array(repeating: 0, count: reader.trajectories - seen.count) }
    for trajectory in 0..<reader.trajectories where reader.length(trajectory) > seen[trajectory] {
      new.append(.init(trajectory: trajectory, frames: seen[trajectory]..<reader.length(trajectory)))
      seen[trajectory] = reader.length(trajectory)
    }
    return new
  }

  /// Waits for frames.
  /// - Returns: What is new; nil when nobody writes to the store any more and everything was given out.
  /// - Throws: `StoreError`, or `CancellationError` from the clock.
  public mutating func next(every interval: Duration = .milliseconds(200), clock: some Clock<Duration> = .continuous)
    async throws -> [TrajectoryStoreReader.Window]?
  {
    while true {
      // Asked before looking: what a writer stored before it let go is then seen.
      let isWritten = isWritten
      let new = try look()
      if !new.isEmpty { return new }
      if !isWritten { return nil }
      try await clock.sleep(for: interval)
    }
  }
}
