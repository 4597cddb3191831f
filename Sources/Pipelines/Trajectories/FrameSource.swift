internal import Systems

/// A source whose trajectories can be had again, each alone.
protocol FrameSource: Sendable {
  var sites: Int { get }
  /// The model after the quench.
  var parameters: HolsteinParameters { get }
  /// Time between frames.
  var interval: Double { get }
  /// Frames that a trajectory has.
  var framesPerTrajectory: Int { get }
  /// The order in which frames come; nil where it is not known, and frames are numbered as they arrive.
  var order: StreamOrder? { get }
  /// Whether frames carry the state half an interval before.
  var hasMids: Bool { get }
  /// Frames of one trajectory, made again to the same bits.
  /// - Throws: When there are no such frames.
  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame]
}

extension FrameSource {
  var order: StreamOrder? { nil }
}
