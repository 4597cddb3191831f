internal import Trajectories

/// For how long predictions are good: the time at which an error first exceeds a threshold.
public struct ValidTime: Codable, Sendable, Equatable {
  /// The name of an observable: |error| over its standard deviation in the truth, over all rollouts and frames.
  /// `state`: the root of the mean over the fields of |error|² over the truth's variance, entries summed.
  public var norm: String
  /// In units of the norm.
  public var threshold: Double
  /// Over rollouts.
  public var median: Double
  public var mean: Double
  /// Of the mean; nil for one rollout.
  public var standardError: Double?
  /// No prediction is counted as valid for longer than this: the end of the rollouts, or the time after which the truth
  /// itself cannot be predicted.
  public var cap: Double
  /// Rollouts that were still valid then, so that their valid time is longer than what is counted.
  public var capped: Int

  /// - Parameters:
  ///   - errors: Of each rollout at each frame in units of the norm, (B, T + 1).
  ///   - predictability: The time after which the truth itself cannot be predicted.
  init(norm: String, errors: [[Double]], threshold: Double, timeStep: Double, predictability: Double?) {
    self.norm = norm
    self.threshold = threshold
    let end = Double((errors.first?.count ?? 1) - 1) * timeStep
    let cap = min(predictability ?? .infinity, end)
    self.cap = cap
    let times = errors.map { error -> Double in
      let first = error.firstIndex { !($0 <= threshold) } ?? error.count - 1
      return min(Double(first) * timeStep, cap)
    }
    capped = times.count { $0 >= cap }
    let count = Double(max(1, times.count))
    let mean = times.reduce(0, +) / count
    self.mean = mean
    median = times.isEmpty ? 0 : times.sorted()[times.count / 2]
    let squares = times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardError = times.count < 2 ? nil : (squares / (count * (count - 1))).squareRoot()
  }

  /// By the first observable and by the whole state.
  static func all(_ rollouts: Rollouts) -> [ValidTime] {
    func time(_ norm: String, _ errors: [[Double]]) -> ValidTime {
      ValidTime(
        norm: norm, errors: errors, threshold: rollouts.validThreshold, timeStep: rollouts.interval,
        predictability: rollouts.predictability)
    }
    let state = time("state", rollouts.errors.relative)
    guard let name = rollouts.observables.first?.name, let truth = rollouts.truth.series[name],
      let model = rollouts.series[name]
    else { return [state] }
    let deviation = deviation(truth.flatMap(\.self))
    let errors = zip(truth, model).map { x, y in zip(x, y).map { relative($0 - $1, deviation) } }
    return [time(name, errors), state]
  }

  private static func relative(_ error: Double, _ deviation: Double) -> Double {
    deviation > 0 ? abs(error) / deviation : error == 0 ? 0 : .infinity
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }
}
