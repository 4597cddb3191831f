/// The largest Lyapunov exponent of a model beside that of the truth, both by the same estimator.
public struct LyapunovComparison: Codable, Sendable, Equatable {
  public var estimator: String
  /// Means over starts, in units of one over time; nil when no start gave one (a diverging model, say).
  public var model: Double?
  public var truth: Double?
  /// Of the means over starts; within the run for a single start.
  public var modelStandardError: Double?
  public var truthStandardError: Double?
  public var starts: Int
  /// Steps of each average.
  public var frames: Int

  public init(estimator: String, model: [LargestExponent?], truth: [LargestExponent?], frames: Int) {
    self.estimator = estimator
    starts = max(model.count, truth.count)
    self.frames = frames
    (self.model, modelStandardError) = Self.mean(model)
    (self.truth, truthStandardError) = Self.mean(truth)
  }

  /// The model's exponent beside the truth's; nil when the model has none.
  func score(interval: Double) -> Score? {
    model.map {
      Score(
        estimator, $0, standardError: modelStandardError, truth: truth, length: frames, interval: interval,
        convention: "mean over \(starts) starts")
    }
  }

  private static func mean(_ exponents: [LargestExponent?]) -> (Double?, Double?) {
    let found = exponents.compactMap(\.self)
    guard !found.isEmpty else { return (nil, nil) }
    let count = Double(found.count)
    let mean = found.reduce(0) { $0 + $1.value } / count
    guard found.count > 1 else { return (mean, found[0].standardError) }
    let squares = found.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
    return (mean, (squares / (count * (count - 1))).squareRoot())
  }
}
