/// One saved state of one trajectory: what flows through the pipelines. Never mutated after it was sent.
public struct Frame: Sendable, Equatable {
  /// The trajectory's number in its run; with the run's seed it determines a simulated trajectory.
  public var trajectory: Int
  /// 0 for the first saved frame.
  public var index: Int
  /// In the system's unit of time.
  public var time: Double
  public var state: State<Double>
  /// The state half a saving interval before `state`, when the pipeline asks for it; nil for the first frame.
  public var mid: State<Double>?
  /// du/dt or force labels at `state`, where the source has them; fields of the same layout that have none are zero.
  public var tendency: State<Double>?

  public init(
    trajectory: Int, index: Int, time: Double, state: State<Double>, mid: State<Double>? = nil,
    tendency: State<Double>? = nil
  ) {
    self.trajectory = trajectory
    self.index = index
    self.time = time
    self.state = state
    self.mid = mid
    self.tendency = tendency
  }
}
