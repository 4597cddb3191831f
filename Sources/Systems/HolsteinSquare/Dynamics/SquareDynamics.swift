/// How the lattice moves: its first state, its integrator, its frames.
public struct SquareDynamics: Sendable, Equatable {
  /// Methods that advance the Langevin equation dQ/dt = P/m, dP/dt = F − γP + ξ.
  public enum Method: String, Sendable, CaseIterable {
    /// Velocity Verlet, then the bath exactly, P ← a P + √((1 − a²) m T) ξ with a = e^(−γ dt): as published.
    case verletBath = "verlet-bath"
    /// Half kick, half drift, bath, half drift, half kick (B. Leimkuhler and C. Matthews, Appl. Math. Res. Express 2013,
    /// 34): the same cost, and averages over Q with an error that is smaller by an order for large γ.
    case baoab
  }

  /// How trajectories begin.
  public enum Start: String, Sendable, CaseIterable {
    /// Q and P independent normal numbers: the hot lattice that a quench begins with.
    case random
    /// Q = ±A in a checkerboard, P normal numbers.
    case checkerboard
    /// Q = P = 0.
    case zero
  }

  /// What becomes of a trajectory whose displacements or forces are no longer finite.
  public enum Recovery: String, Sendable, CaseIterable {
    /// Its later frames are not finite, and are refused.
    case none
    /// It goes on from its last frame: the interval is done again with the engine `exact`.
    case exact
  }

  public var dt: Double
  /// Steps between frames.
  public var saveEvery: Int
  /// Whether frames carry the state half an interval before.
  public var midInterval: Bool
  public var integrator: Method
  public var schedule: TemperatureSchedule
  public var start: Start
  /// T₀ of the first momenta, variance m T₀.
  public var initialTemperature: Double
  /// Of the first displacements: the standard deviation of random ones, the amplitude of the checkerboard.
  public var initialDisplacement: Double
  /// Whether frames carry the force.
  public var keepsForce: Bool
  /// The bath's random numbers, for trajectories that go on from given states; those from a seed have its own.
  public var noiseSeed: UInt64
  public var recovery: Recovery

  public init(
    dt: Double = 0.05, saveEvery: Int = 100, midInterval: Bool = false, integrator: Method = .verletBath,
    schedule: TemperatureSchedule = .constant, start: Start = .random, initialTemperature: Double = 5,
    initialDisplacement: Double = 5.27, keepsForce: Bool = true, noiseSeed: UInt64 = 1,
    recovery: Recovery = .none
  ) {
    self.recovery = recovery
    self.dt = dt
    self.saveEvery = saveEvery
    self.midInterval = midInterval
    self.integrator = integrator
    self.schedule = schedule
    self.start = start
    self.initialTemperature = initialTemperature
    self.initialDisplacement = initialDisplacement
    self.keepsForce = keepsForce
    self.noiseSeed = noiseSeed
  }

  /// - Throws: `SystemError` naming the value and what it should be.
  public func validate(_ parameters: SquareParameters) throws(SystemError) {
    func check(_ isSound: Bool, _ key: String, _ message: @autoclosure () -> String) throws(SystemError) {
      guard isSound else { throw SystemError(.invalidParameter, message(), key: key) }
    }
    let fastest = ((parameters.stiffness + 4 * abs(parameters.neighbourStiffness)) / parameters.mass).squareRoot()
    try check(
      dt >= 1e-9 && dt * fastest < 2, "dt",
      "the time step must be from 1e-9 to \(2 / fastest), where Verlet's method becomes unstable for these springs and masses; got \(dt)"
    )
    try check(
      (1...1_000_000_000).contains(saveEvery), "every",
      "frames must be saved every 1 to 1000000000 steps, got \(saveEvery)")
    try check(
      !midInterval || saveEvery % 2 == 0, "mid-interval",
      "mid-interval states need an even number of steps between frames, got \(saveEvery)")
    try check(
      initialTemperature >= 0 && initialTemperature <= 1e6, "initial-temperature",
      "the temperature of the first momenta must be from 0 to 1e6, got \(initialTemperature)")
    try check(
      initialDisplacement >= 0 && initialDisplacement <= 1e6, "initial-displacement",
      "the size of the first displacements must be from 0 to 1e6, got \(initialDisplacement)")
    try check(
      recovery == .none || parameters.sites <= ElectronConfiguration.mostSparse, "recovery",
      "`recovery: exact` is for lattices of up to \(ElectronConfiguration.mostSparse) × \(ElectronConfiguration.mostSparse) sites, got \(parameters.sites)"
    )
    try schedule.validate()
  }
}
