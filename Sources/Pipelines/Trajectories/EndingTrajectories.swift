/// A source that goes on without end, of which it is known all the same when a trajectory gets no more frames.
protocol EndingTrajectories: Sendable {
  /// Frames of a trajectory that has ended; nil while more may come.
  func finalLength(_ trajectory: Int) -> Int?
  /// Whether nothing more comes at all in this run. Going on with the run may bring more.
  var isOver: Bool { get }
}
