internal import Foundation
public import Systems

/// What a checkpoint is worth, from rollouts against held-out truth over the same frames.
///
/// Nothing is filtered: rollouts that diverge count in every number unless the number's name says `survivors`.
public struct Verdict: Codable, Sendable {
  /// Root-mean-square errors, complex moduli for ρ.
  public struct Errors: Codable, Sendable, Equatable {
    public var rho: Double
    public var q: Double
    public var p: Double
    public var deltaRho: Double
    public var deltaQ: Double
  }

  /// Another predictor, judged in the same way.
  public struct Baseline: Codable, Sendable {
    public var name: String
    public var errors: Errors
    /// By norm, as the model's.
    public var validTimes: [ValidTime]
    /// Share of rollouts that have not diverged at the last frame.
    public var survival: Double
    /// `ClimateComparison.score`.
    public var climateScore: Double?

    /// - Parameters: as for the model's verdict.
    public init(
      name: String, truth: [[LatticeState]], states: [[LatticeState]], reference: [String: [[Double]]]? = nil,
      timeStep: Double, validThreshold: Double = 0.4, predictability: Double? = nil, seed: UInt64 = 0
    ) {
      self.name = name
      let shortTerm = ShortTerm(
        starts: [], truth: truth, model: states, timeStep: timeStep, validThreshold: validThreshold,
        predictability: predictability)
      errors = shortTerm.errors
      validTimes = shortTerm.validTimes
      survival = shortTerm.survival.last ?? 0
      let comparison = ClimateComparison(
        truth: Verdict.orderParameters(truth), other: Verdict.orderParameters(states), reference: reference,
        timeStep: timeStep, paired: true, resamples: 0, seed: seed)
      climateScore = comparison.score
    }
  }

  /// How far a prediction's physics drifts; largest over all rollouts and frames.
  public struct Physics: Codable, Sendable, Equatable {
    public var traceDrift: Double
    public var hermiticityDefect: Double
    public var lowestDensity: Double
    public var highestDensity: Double
    /// Largest change of the conserved energy since the start, per site.
    public var energyDriftPerSite: Double
  }

  public var checkpoint: String
  public var step: Int
  public var rollouts: Int
  /// Predicted frames of each rollout.
  public var frames: Int
  public var timeStep: Double
  /// Over all rollouts and frames.
  public var errors: Errors
  /// Largest error of Δρ and ΔQ at any one frame.
  public var largestDeltaRho: Double
  public var largestDeltaQ: Double
  /// Error of Δρ against the frame, over rollouts.
  public var deltaRhoAgainstFrame: [Double]
  public var deltaQAgainstFrame: [Double]
  /// Median time until |Δρ error| first exceeds `validThreshold` standard deviations of the truth's Δρ.
  public var validTime: Double
  public var validThreshold: Double
  /// Valid times by norm.
  public var validTimes: [ValidTime]
  /// Root-mean-square errors against the frame, by component; see `ShortTerm`.
  public var errorsAgainstFrame: [String: [Double]]
  /// Share of rollouts that have not diverged, against the frame.
  public var survival: [Double]
  public var climate: ClimateComparison
  public var physics: Physics
  public var baselines: [Baseline]
  /// The same short-term numbers from starts drawn at random.
  public var randomStarts: ShortTerm?
  public var lyapunov: LyapunovComparison?
  /// The time after which the truth itself cannot be predicted, when it is known; it caps the valid times.
  public var predictabilityTime: Double?
  /// How many times its noise floor the model's climate is from the truth's: `ClimateComparison.score`.
  public var climateScore: Double?
  /// Truth and prediction of the first rollout, for a plot.
  public var example: [String: [Double]]

  /// - Parameters:
  ///   - truth: (B, T + 1) states, the first of each is where the rollout started.
  ///   - model: (B, T + 1) predictions from the same first states.
  ///   - baselines: Other predictions from the same states.
  ///   - judged: Baselines that were judged before.
  ///   - reference: Order parameters of as much other truth over the same frames, for the noise floor.
  ///   - predictability: The time after which the truth itself cannot be predicted; it caps the valid times.
  ///   - resamples: Of the bootstrap that gives the distances their error bars.
  ///   - seed: Of the bootstrap and of Monte Carlo draws.
  public init(
    checkpoint: String, step: Int, truth: [[LatticeState]], model: [[LatticeState]], timeStep: Double,
    parameters: HolsteinParameters,
    baselines: [(name: String, states: [[LatticeState]])] = [], judged: [Baseline] = [],
    reference: [String: [[Double]]]? = nil, randomStarts: ShortTerm? = nil, lyapunov: LyapunovComparison? = nil,
    predictability: Double? = nil, validThreshold: Double = 0.4, resamples: Int = 100, seed: UInt64 = 0
  ) {
    precondition(
      !truth.isEmpty && truth.count == model.count && zip(truth, model).allSatisfy { $0.count == $1.count },
      "a verdict needs equally many states of truth and model")
    self.checkpoint = checkpoint
    self.step = step
    self.timeStep = timeStep
    self.validThreshold = validThreshold
    rollouts = truth.count
    frames = truth[0].count - 1
    let shortTerm = ShortTerm(
      starts: [], truth: truth, model: model, timeStep: timeStep, validThreshold: validThreshold,
      predictability: predictability)
    errors = shortTerm.errors
    errorsAgainstFrame = shortTerm.errorsAgainstFrame
    validTimes = shortTerm.validTimes
    validTime = shortTerm.validTimes[0].median
    survival = shortTerm.survival
    deltaRhoAgainstFrame = shortTerm.errorsAgainstFrame["deltaRho"] ?? []
    deltaQAgainstFrame = shortTerm.errorsAgainstFrame["deltaQ"] ?? []
    self.baselines =
      baselines.map {
        Baseline(
          name: $0.name, truth: truth, states: $0.states, reference: reference, timeStep: timeStep,
          validThreshold: validThreshold, predictability: predictability, seed: seed)
      } + judged
    self.randomStarts = randomStarts
    self.lyapunov = lyapunov
    predictabilityTime = predictability
    let rhoTruth = truth.map { $0.map(\.deltaRho) }
    let rhoModel = model.map { $0.map(\.deltaRho) }
    let qTruth = truth.map { $0.map(\.deltaQ) }
    let qModel = model.map { $0.map(\.deltaQ) }
    func largest(_ a: [[Double]], _ b: [[Double]]) -> Double {
      var result = 0.0
      for (x, y) in zip(a, b) {
        for (u, v) in zip(x, y) { result = abs(u - v) > result || !(u - v).isFinite ? abs(u - v) : result }
      }
      return result
    }
    largestDeltaRho = largest(rhoTruth, rhoModel)
    largestDeltaQ = largest(qTruth, qModel)
    climate = ClimateComparison(
      truth: ["deltaRho": rhoTruth, "deltaQ": qTruth], other: ["deltaRho": rhoModel, "deltaQ": qModel],
      reference: reference, timeStep: timeStep, paired: true, resamples: resamples, seed: seed)
    climateScore = climate.score
    physics = Self.physics(model, parameters)
    example = [
      "deltaRho truth": rhoTruth[0], "deltaRho model": rhoModel[0], "deltaQ truth": qTruth[0],
      "deltaQ model": qModel[0],
    ]
  }

  /// Δρ and ΔQ of rollouts, (B, T + 1) each.
  public static func orderParameters(_ rollouts: [[LatticeState]]) -> [String: [[Double]]] {
    ["deltaRho": rollouts.map { $0.map(\.deltaRho) }, "deltaQ": rollouts.map { $0.map(\.deltaQ) }]
  }

  /// RMSE over rollouts and predicted frames; the start, which is given, does not count.
  static func errors(_ truth: [[LatticeState]], _ model: [[LatticeState]]) -> Errors {
    var sums = (rho: 0.0, q: 0.0, p: 0.0, deltaRho: 0.0, deltaQ: 0.0)
    var frames = 0
    var sites = 1
    for (x, y) in zip(truth, model) {
      for (a, b) in zip(x, y).dropFirst() {
        for (u, v) in zip(a.rho, b.rho) { sums.rho += (u - v) * (u - v) }
        for (u, v) in zip(a.q, b.q) { sums.q += (u - v) * (u - v) }
        for (u, v) in zip(a.p, b.p) { sums.p += (u - v) * (u - v) }
        sums.deltaRho += (a.deltaRho - b.deltaRho) * (a.deltaRho - b.deltaRho)
        sums.deltaQ += (a.deltaQ - b.deltaQ) * (a.deltaQ - b.deltaQ)
        frames += 1
        sites = a.sites
      }
    }
    let n = Double(max(1, frames))
    let L = Double(sites)
    return Errors(
      rho: (sums.rho / (n * L * L)).squareRoot(), q: (sums.q / (n * L)).squareRoot(),
      p: (sums.p / (n * L)).squareRoot(),
      deltaRho: (sums.deltaRho / n).squareRoot(), deltaQ: (sums.deltaQ / n).squareRoot())
  }

  private static func physics(_ model: [[LatticeState]], _ parameters: HolsteinParameters) -> Physics {
    var result = Physics(
      traceDrift: 0, hermiticityDefect: 0, lowestDensity: .infinity, highestDensity: -.infinity, energyDriftPerSite: 0)
    for rollout in model {
      let trace = rollout[0].particleNumber
      let energy = rollout[0].energy(parameters)
      for state in rollout {
        // `max` of a NaN is a NaN: a divergence is seen, not skipped.
        result.traceDrift = Self.larger(result.traceDrift, abs(state.particleNumber - trace))
        result.hermiticityDefect = Self.larger(result.hermiticityDefect, state.hermiticityDefect)
        result.energyDriftPerSite = Self.larger(
          result.energyDriftPerSite, abs(state.energy(parameters) - energy) / Double(state.sites))
        for site in 0..<state.sites {
          result.lowestDensity = -Self.larger(-result.lowestDensity, -state.density(site))
          result.highestDensity = Self.larger(result.highestDensity, state.density(site))
        }
      }
    }
    return result
  }

  private static func larger(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }

  /// The verdict in a sentence or two.
  public var plainWords: String {
    let survivors = survival.last ?? 0
    var words = String(
      format: "Over %d frames (%.0f time units) from %d held-out states: RMSE of Δρ %.2e, of ΔQ %.2e.", frames,
      Double(frames) * timeStep,
      rollouts, errors.deltaRho, errors.deltaQ)
    if let persistence = baselines.first(where: { $0.name == "persistence" }) {
      words += String(
        format: " Persistence would give %.2e and %.2e", persistence.errors.deltaRho, persistence.errors.deltaQ)
      for other in baselines where other.name != "persistence" {
        words += ", \(other.name) "
        words +=
          other.errors.deltaRho.isFinite && other.errors.deltaQ.isFinite
          ? String(format: "%.2e and %.2e", other.errors.deltaRho, other.errors.deltaQ) : "diverges"
      }
      words += "."
    }
    if let climateScore, climateScore.isFinite {
      words += String(format: " Its climate is %.1f times as far from the truth's as other truth is.", climateScore)
    }
    if let lyapunov, let model = lyapunov.model, let truth = lyapunov.truth {
      words += String(format: " Largest Lyapunov exponent %.3f, the truth's %.3f.", model, truth)
    }
    if survivors < 1 { words += String(format: " %.0f %% of the rollouts diverged.", 100 * (1 - survivors)) }
    return words
  }
}
