/// A few trajectories of one model in the form in which an integrator keeps them.
protocol TrajectoryBlock: Sendable {
  /// Advances each trajectory by its own number of steps.
  mutating func advance(steps: [Int])

  /// The numbers of one trajectory as it is now, in the order of `LatticeState.layout(sites:)`.
  func values(_ k: Int) -> [Double]
}

/// What all trajectories of an ensemble have in common.
struct LatticeDynamics: Sendable {
  var parameters: HolsteinParameters
  var schedule: CouplingSchedule = .constant
  var dt: Double
  /// Time at which a clock of no steps stands, since the quench.
  var startTime = 0.0

  /// g after `steps` steps of a trajectory.
  func coupling(after steps: Double) -> Double {
    schedule.coupling(at: startTime + steps * dt, from: parameters.coupling)
  }
}
