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

  /// - Throws: `LatticeError` naming the value and what it should be.
  public func validate() throws(LatticeError) {
    guard sites >= 4, sites % 2 == 0, sites <= 4096 else {
      throw LatticeError(
        .invalidParameter,
        "the number of sites must be even, from 4 to 4096 (half filling on two sublattices), got \(sites)")
    }
    guard dt.isFinite, dt > 0, dt <= integrator.longestStep else {
      throw LatticeError(
        .invalidParameter,
        "the time step must be above 0 and at most \(integrator.longestStep) with \(integrator.rawValue), got \(dt)")
    }
    try schedule.validate()
    guard saveEvery >= 1, preSteps >= 0 else {
      throw LatticeError(
        .invalidParameter,
        "frames must be saved every 1 step or more and pre-steps cannot be negative, got \(saveEvery) and \(preSteps)")
    }
    guard !midInterval || saveEvery % 2 == 0 else {
      throw LatticeError(
        .invalidParameter, "mid-interval states need an even number of steps between frames, got \(saveEvery)")
    }
    guard noise.isFinite, noise >= 0, initialCoupling.isFinite else {
      throw LatticeError(
        .invalidParameter,
        "the noise must be 0 or more and the initial coupling a number, got \(noise) and \(initialCoupling)")
    }
    try parameters.validate(sites: sites)
  }
}
