/// How good predictions are step by step, from a set of starts.
public struct ShortTerm: Codable, Sendable {
  /// Where a rollout began.
  public typealias Start = RolloutTruth.Start

  public var starts: [Start]
  /// Predicted frames of each rollout.
  public var frames: Int
  /// Root-mean-square errors over all rollouts and frames, by field and observable.
  public var errors: [String: Double]
  /// The same against the frame, from the start on, over rollouts.
  public var errorsAgainstFrame: [String: [Double]]
  public var validTimes: [ValidTime]
  /// Share of rollouts that have not diverged, against the frame.
  public var survival: [Double]
  /// Time between two frames; nil in what earlier versions wrote.
  public var timeStep: Double?

  public init(_ rollouts: Rollouts) {
    let parts = rollouts.errors.parts
    starts = rollouts.truth.starts
    frames = rollouts.frames
    errors = Dictionary(parts.map { ($0.name, $0.rootMeanSquare) }, uniquingKeysWith: { first, _ in first })
    errorsAgainstFrame = Dictionary(parts.map { ($0.name, $0.againstFrame) }, uniquingKeysWith: { first, _ in first })
    validTimes = ValidTime.all(rollouts)
    survival = Survival.curve(rollouts)
    timeStep = rollouts.interval
  }

  /// Its numbers, marked as from these starts.
  /// - Parameter condition: Such as `random starts`.
  func scores(_ condition: String) -> [Score] {
    errors.sorted { $0.key < $1.key }.map {
      Score(
        RootMeanSquareError.id, of: $0.key, $0.value, length: frames, interval: timeStep, condition: condition)
    }
      + validTimes.map {
        Score(ValidTimeMetric.id, of: $0.norm, $0.median, length: frames, interval: timeStep, condition: condition)
      }
      + [Score(Survival.id, survival.last ?? 0, length: frames, interval: timeStep, condition: condition)]
  }
}
