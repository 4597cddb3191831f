extension Verdict {
  /// Every single number by its name, such as `RMSE deltaRho` or `deltaQ W1/empirical-quantiles`, and by its other
  /// spellings: what thresholds are set on.
  public var numbers: [String: Double] {
    var numbers: [String: Double] = [:]
    for score in scores {
      for name in score.names + (score.id == LyapunovProbe.estimator ? ["largest Lyapunov exponent"] : [])
      where numbers[name] == nil { numbers[name] = score.value }
      // A number of several things is, without more, that of the first.
      let alone = score.id + (score.condition.map { ", " + $0 } ?? "")
      if score.id == ValidTimeMetric.id, numbers[alone] == nil { numbers[alone] = score.value }
    }
    return numbers
  }

  /// The names of all numbers, each in one spelling.
  public var numberNames: [String] { scores.map(\.name) }

  /// The score of this id, of an observable or field where it is of one, from the fixed starts.
  public func score(_ id: String, of observable: String? = nil) -> Score? {
    scores.first { $0.id == id && $0.observable == observable && $0.condition == nil }
  }

  /// Root-mean-square errors over all rollouts and frames, by field and observable.
  public var errors: [String: Double] { scores.errors }

  /// How many times its noise floor the model's climate is from the truth's: `ClimateComparison.score`.
  public var climateScore: Double? { score(Self.climateScoreID)?.value }

  /// Median time until the error of the first observable exceeds `validThreshold` standard deviations.
  public var validTime: Double? { validTimes.first?.median }

  /// Share of rollouts that have not diverged at the last frame.
  public var surviving: Double { survival.last ?? score(Survival.id)?.value ?? 0 }

  /// The few numbers that a page shows against the step, by the names that it shows: errors of the observables and of the
  /// first field, climate score, valid time, survival, and how far the first law is broken.
  public var headline: [String: Double] {
    var shown: [String: Double] = [:]
    let errors = errors
    for label in observables.prefix(Self.mostInWords) + fields.prefix(1) {
      if let error = errors[label.name] { shown["RMSE \(label.symbol)"] = error }
    }
    shown[Self.climateScoreID] = climateScore
    shown["valid time"] = validTime
    shown["survival"] = surviving
    if let law = scores.first(where: { $0.convention == Invariants.convention }) {
      shown[law.id] = law.value
    }
    return shown
  }

  /// Observables that words name.
  static let mostInWords = 3

  // MARK: The best

  /// What checkpoints are ranked by, lower is better: the climate score where there is a noise floor to measure it in;
  /// else the sum of the errors of the observables. Infinite for a number that is not finite.
  public var rank: (measure: String, value: Double) {
    if let climateScore { return (Self.climateScoreID, climateScore.isFinite ? climateScore : .infinity) }
    return errorRank
  }

  private var errorRank: (measure: String, value: Double) {
    let errors = errors
    let sum = observables.reduce(0) { $0 + (errors[$1.name] ?? .infinity) }
    return ("RMSE " + observables.map(\.name).joined(separator: " + "), sum.isFinite ? sum : .infinity)
  }

  /// The verdict of the lowest rank, the earliest of equals; by the errors when some have no climate score.
  public static func best(of verdicts: [Verdict]) -> Verdict? {
    let haveClimate = verdicts.allSatisfy { $0.climateScore != nil }
    return verdicts.min { (haveClimate ? $0.rank : $0.errorRank).value < (haveClimate ? $1.rank : $1.errorRank).value }
  }
}
