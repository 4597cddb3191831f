public import Systems

extension LargestExponent {
  /// The same of a system that advances by itself.
  ///
  /// Not for a coupling that changes in time: the system's clock starts anew after every rescaling.
  /// - Parameters:
  ///   - start: A state on the attractor.
  ///   - every: Steps of the system between two rescalings.
  ///   - transient, rescalings: How many of these stretches are run before the average, and are averaged.
  public init?(
    of system: some DynamicalSystem, from start: [Double], every: Int, transient: Int = 20, rescalings: Int,
    distance: Double = 1e-7, seed: UInt64 = 0
  ) {
    self.init(
      from: start, distance: distance, timeStep: Double(every) * system.dt, transient: transient, steps: rescalings,
      seed: seed
    ) { state in
      var state = state
      system.advance(&state, steps: every)
      return state
    }
  }
}
