internal import Settings

extension Verdict {
  /// Another predictor, judged in the same way.
  public struct Baseline: Codable, Sendable {
    public var name: String
    public var scores: [Score]

    /// - Parameters:
    ///   - rollouts: Its own, from the same starts.
    ///   - metrics: Those of the climate score.
    public init(_ name: String, _ rollouts: Rollouts, metrics: Metrics = .standard) {
      self.name = name
      let section = ShortTermMetrics.all
      scores = section.flatMap { $0.scores(rollouts) }.map { score in
        var score = score
        score.curve = nil
        return score
      }
      // Error bars of a baseline's climate are asked for by nobody.
      var quick = rollouts
      quick.resamples = 0
      if let score = ClimateComparison(quick, metrics: metrics).score {
        scores.append(Score(climateScoreID, score, noiseFloor: 1, length: rollouts.frames, interval: rollouts.interval))
      }
    }

    /// Root-mean-square errors by field and observable.
    public var errors: [String: Double] { scores.errors }
    /// How many times its noise floor its climate is from the truth's.
    public var climateScore: Double? { scores.first { $0.id == climateScoreID }?.value }
    /// Share of rollouts that have not diverged at the last frame.
    public var survival: Double { scores.first { $0.id == Survival.id }?.value ?? 0 }

    private enum CodingKeys: String, CodingKey { case name, scores }

    /// Reads what any version wrote.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decode(String.self, forKey: .name)
      scores = try container.decodeIfPresent([Score].self, forKey: .scores) ?? EarlierVerdict.scores(from: decoder)
    }
  }
}

/// What is asked of every predictor.
private enum ShortTermMetrics {
  static let all: [any Metric] = [
    RootMeanSquareError(.listing()), ValidTimeMetric(.listing()), Survival(.listing()),
  ]
}

extension [Score] {
  /// Root-mean-square errors from the fixed starts, by field and observable.
  var errors: [String: Double] {
    Dictionary(
      compactMap { score in
        score.id == RootMeanSquareError.id && score.condition == nil ? score.observable.map { ($0, score.value) } : nil
      }, uniquingKeysWith: { first, _ in first })
  }
}
