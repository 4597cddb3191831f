internal import Foundation
public import Systems

/// How good predictions are step by step, from a set of starts.
public struct ShortTerm: Codable, Sendable {
  /// Where a rollout began.
  public struct Start: Codable, Sendable, Equatable {
    public var trajectory: Int
    public var frame: Int

    public init(trajectory: Int, frame: Int) {
      self.trajectory = trajectory
      self.frame = frame
    }
  }

  public var starts: [Start]
  /// Predicted frames of each rollout.
  public var frames: Int
  /// Over all rollouts and frames.
  public var errors: Verdict.Errors
  /// Root-mean-square errors against the frame, from the start on, over rollouts: `rho`, `Q`, `P` over entries too,
  /// `deltaRho`, `deltaQ`.
  public var errorsAgainstFrame: [String: [Double]]
  public var validTimes: [ValidTime]
  /// Share of rollouts that have not diverged, against the frame.
  public var survival: [Double]

  /// - Parameters:
  ///   - truth: (B, T + 1) states, the first of each is where the rollout started.
  ///   - model: (B, T + 1) predictions from the same first states.
  ///   - validThreshold: Of the valid times.
  ///   - predictability: The time after which the truth itself cannot be predicted; it caps the valid times.
  public init(
    starts: [Start], truth: [[LatticeState]], model: [[LatticeState]], timeStep: Double, validThreshold: Double = 0.4,
    predictability: Double? = nil
  ) {
    precondition(
      !truth.isEmpty && truth.count == model.count && zip(truth, model).allSatisfy { $0.count == $1.count },
      "rollouts need equally many states of truth and model")
    self.starts = starts
    frames = truth[0].count - 1
    errors = Verdict.errors(truth, model)
    let squares = StateErrors(truth, model)
    errorsAgainstFrame = squares.againstFrame
    let orders = (truth: truth.map { $0.map(\.deltaRho) }, model: model.map { $0.map(\.deltaRho) })
    let deviation = Self.deviation(orders.truth.flatMap(\.self))
    let relative = zip(orders.truth, orders.model).map { x, y in zip(x, y).map { Self.relative($0 - $1, deviation) } }
    validTimes = [
      ValidTime(
        norm: "deltaRho", errors: relative, threshold: validThreshold, timeStep: timeStep,
        predictability: predictability),
      ValidTime(
        norm: "state", errors: squares.relative, threshold: validThreshold, timeStep: timeStep,
        predictability: predictability),
    ]
    survival = Self.survival(truth, model)
  }

  private static func relative(_ error: Double, _ deviation: Double) -> Double {
    deviation > 0 ? abs(error) / deviation : error == 0 ? 0 : .infinity
  }

  static func deviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  /// The share of rollouts whose Δρ and ΔQ are still within bounds, against the frame.
  static func survival(_ truth: [[LatticeState]], _ model: [[LatticeState]]) -> [Double] {
    let rhoTruth = truth.map { $0.map(\.deltaRho) }
    let qTruth = truth.map { $0.map(\.deltaQ) }
    let onsets = model.map { rollout in
      min(
        Divergence.onset(rollout.map(\.deltaRho), truth: rhoTruth) ?? .max,
        Divergence.onset(rollout.map(\.deltaQ), truth: qTruth) ?? .max)
    }
    return truth[0].indices.map { t in Double(onsets.count { $0 > t }) / Double(onsets.count) }
  }
}
