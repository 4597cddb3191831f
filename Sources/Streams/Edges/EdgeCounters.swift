/// What an edge has done so far.
public struct EdgeCounters: Codable, Sendable, Equatable {
  /// Elements that wait now.
  public var depth: Int
  /// Elements that may wait.
  public var capacity: Int
  public var sent: Int
  public var received: Int
  /// Elements that a newer one replaced (`latest`), or that came after the receiver had ended.
  public var dropped: Int
  /// Time the sender has waited for room, the wait in progress included.
  public var secondsBlocked: Double
  /// Time the receiver has waited for elements, the wait in progress included.
  public var secondsStarved: Double
}
