/// A few trajectories of one model in the form in which an integrator keeps them.
protocol TrajectoryBlock: Sendable {
  /// Advances each trajectory by its own number of steps.
  mutating func advance(steps: [Int])

  /// One trajectory as it is now.
  func state(_ k: Int) -> LatticeState
}

/// What all trajectories of an ensemble have in common.
struct LatticeDynamics: Sendable {
  var parameters: HolsteinParameters
  var schedule: CouplingSchedule = .constant
  var dt: Double
}
