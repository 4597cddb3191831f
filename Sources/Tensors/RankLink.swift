/// How the processes of one computation reach each other: MPI, or threads of one process in tests.
///
/// Calls may come from any thread; those of one channel come from one thread at a time, in the same order on both sides.
public protocol RankLink: AnyObject, Sendable {
  /// This process's number, from 0.
  var rank: Int { get }
  /// Processes.
  var count: Int { get }
  /// Starts all transfers at once, and comes back when all are done.
  /// - Throws: When a rank has failed or gone, with its number and reason.
  func exchange(_ transfers: [RankTransfer], on channel: RankChannel) throws
}

/// What goes to one other rank and what comes from it; either may be empty, which the other side knows.
public struct RankTransfer {
  public let peer: Int
  public let sends: UnsafeRawBufferPointer
  public let receives: UnsafeMutableRawBufferPointer

  public init(
    _ peer: Int, sends: UnsafeRawBufferPointer = .init(start: nil, count: 0),
    receives: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0)
  ) {
    self.peer = peer
    self.sends = sends
    self.receives = receives
  }
}

/// Conversations that go on side by side.
public enum RankChannel: Int, Sendable, CaseIterable {
  /// Sums over all ranks.
  case sums = 1
  /// What the first rank tells the others to compute.
  case commands
  /// Trajectories and their frames.
  case frames
}
