internal import Trajectories

/// What a checkpoint is worth, from rollouts against held-out truth over the same frames.
///
/// Nothing is filtered: rollouts that diverge count in every number unless the number's name says `survivors`.
public struct Verdict: Codable, Sendable {
  /// A field or an observable as words write it.
  public struct Label: Codable, Sendable, Equatable {
    public var name: String
    public var symbol: String
    public var unit: String

    public init(_ name: String, symbol: String, unit: String = "") {
      self.name = name
      self.symbol = symbol
      self.unit = unit
    }
  }

  public var checkpoint: String
  public var step: Int
  /// The identity of the checkpoint's file, where a run judged it: a file that was written anew has another.
  public var file: UInt64?
  public var rollouts: Int
  /// Predicted frames of each rollout.
  public var frames: Int
  public var timeStep: Double
  /// Of time, such as `ħ/t_hop`; empty for none.
  public var timeUnit: String
  /// Evolving fields of the state, in order.
  public var fields: [Label]
  /// What was looked at, the most telling first.
  public var observables: [Label]
  /// Every number, without its curve.
  public var scores: [Score]
  /// Root-mean-square errors against the frame, over rollouts, by field and observable.
  public var errorsAgainstFrame: [String: [Double]]
  /// Share of rollouts that have not diverged, against the frame.
  public var survival: [Double]
  /// Curves of other scores against the frame, by name.
  public var curves: [String: [Double]]
  /// Valid times by norm.
  public var validTimes: [ValidTime]
  public var validThreshold: Double
  /// The time after which the truth itself cannot be predicted, when it is known; it caps the valid times.
  public var predictabilityTime: Double?
  public var climate: ClimateComparison
  public var baselines: [Baseline]
  /// The same short-term numbers from starts drawn at random.
  public var randomStarts: ShortTerm?
  public var lyapunov: LyapunovComparison?
  /// Truth and prediction of the first rollout, for a plot: `x truth` and `x model` of each observable x.
  public var example: [String: [Double]]

  /// - Parameters:
  ///   - rollouts: From the fixed starts.
  ///   - metrics: Those that are on.
  ///   - baselines: Other predictors from the same starts.
  ///   - randomStarts: Rollouts from starts drawn at random.
  public init(
    checkpoint: String, step: Int, _ rollouts: Rollouts, metrics: Metrics = .standard, baselines: [Baseline] = [],
    randomStarts: Rollouts? = nil, lyapunov: LyapunovComparison? = nil
  ) {
    self.checkpoint = checkpoint
    self.step = step
    self.rollouts = rollouts.states.count
    frames = rollouts.frames
    timeStep = rollouts.interval
    timeUnit = rollouts.truth.timeUnit
    fields = rollouts.system.layout.evolving.map { Label($0.name, symbol: $0.symbol, unit: $0.unit) }
    observables = rollouts.observables.map { Label($0.name, symbol: $0.symbol, unit: $0.unit) }
    validTimes = ValidTime.all(rollouts)
    validThreshold = rollouts.validThreshold
    predictabilityTime = rollouts.predictability
    self.baselines = baselines
    self.lyapunov = lyapunov
    let random = randomStarts.map { ShortTerm($0) }
    self.randomStarts = random
    let climate = ClimateComparison(rollouts, metrics: metrics)
    self.climate = climate
    let climateScore = climate.score.map {
      Score(
        Self.climateScoreID, $0, noiseFloor: 1, length: climate.frames, interval: climate.timeStep,
        convention: "geometric mean of distance over noise floor")
    }
    scores =
      metrics.others.flatMap { $0.scores(rollouts) } + climate.scores + (climateScore.map { [$0] } ?? [])
      + (lyapunov?.score(interval: rollouts.interval).map { [$0] } ?? [])
      + (random?.scores("random starts") ?? [])
    errorsAgainstFrame = [:]
    survival = []
    curves = [:]
    for index in scores.indices {
      guard let curve = scores[index].curve else { continue }
      switch (scores[index].id, scores[index].observable) {
      case (RootMeanSquareError.id, let name?): errorsAgainstFrame[name] = curve
      case (Survival.id, _): survival = curve
      default: curves[scores[index].name] = curve
      }
      scores[index].curve = nil
    }
    example = [:]
    for name in rollouts.observables.map(\.name) {
      example["\(name) truth"] = rollouts.truth.series[name]![0]
      example["\(name) model"] = rollouts.series[name]![0]
    }
  }

  static let climateScoreID = "climate score"
}
