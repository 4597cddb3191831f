internal import Tensors

/// Where in a run of noise a state stands: its random numbers are a function of seed, trajectory and step alone, so that it
/// goes on to the same bits from any frame.
public struct NoisePlace: Sendable, Hashable {
  public var seed: UInt64
  public var trajectory: Int
  /// Steps since time 0.
  public var step: Int

  public init(seed: UInt64, trajectory: Int, step: Int) {
    self.seed = seed
    self.trajectory = trajectory
    self.step = step
  }

  /// The generator of one step.
  /// - Parameter steps: From this place on.
  func random(after steps: Int) -> CounterRandom {
    CounterRandom(
      seed: seed, purpose: .heatBath, trajectory: UInt64(trajectory), step: UInt64(truncatingIfNeeded: step + steps))
  }
}
