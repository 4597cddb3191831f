/// One saved state of one trajectory: what flows through the pipelines. Never mutated after it was sent.
public struct Frame: Sendable, Equatable {
  /// The trajectory's number in its run; with the run's seed it determines the whole trajectory.
  public var trajectory: Int
  /// 0 for the first saved frame.
  public var index: Int
  /// Time since the quench, units of ħ/t_hop.
  public var time: Double
  public var state: LatticeState
  /// The state half a saving interval before `state`, when the pipeline asks for it; nil for the first frame.
  public var mid: LatticeState?

  public init(trajectory: Int, index: Int, time: Double, state: LatticeState, mid: LatticeState? = nil) {
    self.trajectory = trajectory
    self.index = index
    self.time = time
    self.state = state
    self.mid = mid
  }
}
