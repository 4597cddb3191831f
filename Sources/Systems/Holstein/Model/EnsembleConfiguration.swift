/// Everything that determines an ensemble of trajectories.
public struct EnsembleConfiguration: Codable, Sendable, Equatable {
  /// Number of sites L, even, at least 4.
  public var sites: Int
  public var seed: UInt64
  /// g before the quench.
  public var initialCoupling: Double
  /// The model after the quench.
  public var parameters: HolsteinParameters
  /// Time step, units of ħ/t_hop.
  public var dt: Double
  /// Steps between saved frames.
  public var saveEvery: Int
  /// Steps before the first saved frame.
  public var preSteps: Int
  /// Whether frames carry the state half an interval before.
  public var midInterval: Bool
  /// Whether each trajectory's first frame is late by a random number of steps below `saveEvery`.
  public var phaseOffsets: Bool
  /// Standard deviation of the initial noise on Q.
  public var noise: Double
  /// How time advances.
  public var integrator: Integrator = .rungeKutta4
  /// g(t) after the quench.
  public var schedule: CouplingSchedule = .constant
  /// Whether P gets the same noise, as in the published code (the paper's text has it on Q alone).
  public var noiseOnMomenta: Bool

  public init(
    sites: Int, seed: UInt64, initialCoupling: Double, parameters: HolsteinParameters, dt: Double = 0.01,
    saveEvery: Int,
    preSteps: Int = 0, midInterval: Bool = false, phaseOffsets: Bool = false, noise: Double = 1e-4,
    noiseOnMomenta: Bool = true
  ) {
    self.sites = sites
    self.seed = seed
    self.initialCoupling = initialCoupling
    self.parameters = parameters
    self.dt = dt
    self.saveEvery = saveEvery
    self.preSteps = preSteps
    self.midInterval = midInterval
    self.phaseOffsets = phaseOffsets
    self.noise = noise
    self.noiseOnMomenta = noiseOnMomenta
  }

  public init(preset: HolsteinPreset, sites: Int, seed: UInt64) {
    self.init(
      sites: sites, seed: seed, initialCoupling: preset.initialCoupling, parameters: preset.parameters,
      saveEvery: preset.saveEvery, preSteps: preset.preSteps)
  }

  /// Time between saved frames, units of ħ/t_hop.
  public var frameInterval: Double { dt * Double(saveEvery) }

  /// Steps that a run can count without losing the time's last digits.
  static let mostSteps = 1_000_000_000
  /// Shorter ones drown in round-off.
  static let shortestStep = 1e-9

  /// - Throws: `SystemError` naming the value and what it should be.
  public func validate() throws(SystemError) {
    func check(_ isSound: Bool, _ key: String, _ message: @autoclosure () -> String) throws(SystemError) {
      guard isSound else { throw SystemError(.invalidParameter, message(), key: key) }
    }
    try check(
      sites >= 4 && sites % 2 == 0 && sites <= 4096, "sites",
      "the number of sites must be even, from 4 to 4096 (half filling on two sublattices), got \(sites)")
    try check(
      dt >= Self.shortestStep && dt <= integrator.longestStep, "dt",
      "the time step must be from \(Self.shortestStep) to \(integrator.longestStep) with \(integrator.rawValue), got \(dt)"
    )
    try schedule.validate()
    try check(
      saveEvery >= 1 && saveEvery <= Self.mostSteps, "every",
      "frames must be saved every 1 to \(Self.mostSteps) steps, got \(saveEvery)")
    try check(
      preSteps >= 0 && preSteps <= Self.mostSteps, "pre-steps",
      "the steps before the first frame must be 0 to \(Self.mostSteps), got \(preSteps)")
    try check(
      !midInterval || saveEvery % 2 == 0, "mid-interval",
      "mid-interval states need an even number of steps between frames, got \(saveEvery)")
    try check(noise.isFinite && noise >= 0 && noise <= 1e3, "noise", "the noise must be 0 to 1000, got \(noise)")
    try check(
      abs(initialCoupling) <= HolsteinParameters.largest, "initial-g",
      "the initial coupling must be a number of at most \(HolsteinParameters.largest), got \(initialCoupling)")
    try parameters.validate(sites: sites)
  }
}
