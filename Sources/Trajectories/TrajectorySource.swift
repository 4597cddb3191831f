/// A source whose trajectories can be had again, each alone: simulated, stored, growing or tailed.
public protocol TrajectorySource: Sendable {
  var system: any SystemDescription { get }
  /// Time between two frames.
  var interval: Double { get }
  /// Whether nobody knows that time, so that it is 1 and means a frame.
  var isIntervalAssumed: Bool { get }
  /// Frames that a trajectory has, each its own number; nil for one that is not there.
  func length(_ trajectory: Int) -> Int?
  /// Trajectories there are; nil without end.
  var trajectories: Int? { get }
  /// The order in which frames come; nil where it is not known, and frames are numbered as they arrive.
  var order: StreamOrder? { get }
  /// Whether frames carry the state half an interval before.
  var hasMids: Bool { get }
  /// Frames of one trajectory, made again to the same bits.
  /// - Throws: When there are no such frames.
  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame]
}

extension TrajectorySource {
  public var trajectories: Int? { nil }
  public var order: StreamOrder? { nil }
  public var hasMids: Bool { false }
  public var isIntervalAssumed: Bool { false }
  public var layout: StateLayout { system.layout }
  /// Of time between frames: the system's own, `frames` where no time is known, empty for none.
  public var timeUnit: String { isIntervalAssumed ? "frames" : system.timeUnit }
}
