public import Trajectories

/// Rollouts of a model beside the truth from the same states: what every metric looks at.
public struct Rollouts: Sendable {
  public let truth: RolloutTruth
  /// Predictions, (B, T + 1): the first of each is the truth's own.
  public let states: [[State<Double>]]
  /// Predicted series by observable, (B, T + 1) each.
  public let series: [String: [[Double]]]
  /// Predictions are valid up to this error, in standard deviations of the truth.
  public var validThreshold: Double
  /// The time after which the truth itself cannot be predicted; it caps the valid times.
  public var predictability: Double?
  /// Of the bootstrap that gives distances their error bars.
  public var resamples: Int
  /// Of the bootstrap and of Monte Carlo draws.
  public var seed: UInt64
  let errors: FieldErrors

  /// - Parameter model: (B, T + 1), as many as the truth has.
  public init(
    _ truth: RolloutTruth, model: [[State<Double>]], validThreshold: Double = 0.4, predictability: Double? = nil,
    resamples: Int = 100, seed: UInt64 = 0
  ) {
    precondition(
      truth.states.count == model.count
        && zip(truth.states, model).allSatisfy { x, y in
          x.count == y.count && y.allSatisfy { $0.values.count == x[0].values.count }
        },
      "rollouts need as many states of the model as of the truth")
    self.truth = truth
    states = model
    series = RolloutTruth.series(of: truth.observables, model)
    self.validThreshold = validThreshold
    self.predictability = predictability
    self.resamples = resamples
    self.seed = seed
    errors = FieldErrors(truth, model, series)
  }

  public var system: any SystemDescription { truth.system }
  public var observables: [Observable] { truth.observables }
  /// Time between two frames.
  public var interval: Double { truth.interval }
  /// Predicted frames of each rollout: the start, which is given, does not count.
  public var frames: Int { truth.states[0].count - 1 }
}
