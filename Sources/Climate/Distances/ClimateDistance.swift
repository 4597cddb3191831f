/// A distance between two climates, with what it is worth.
public struct ClimateDistance: Codable, Sendable, Equatable {
  public var estimator: String
  public var value: Double
  /// Standard deviation over bootstrap resamples of the trajectories; nil for fewer than two on a side.
  public var standardError: Double?
  /// The same distance between truth and truth: what sampling alone gives. Nil for one trajectory.
  public var noiseFloor: Double?
  /// What the noise floor is taken from.
  public var noiseFloorSource: String?
  /// Over the trajectories that did not diverge, when some did.
  public var survivors: Double?
  /// Trajectories that are wanting, of truth and other each, for a standard error of a fifth of the value; 0 when there
  /// are enough, nil where there is no error bar to tell from.
  public var furtherTrajectories: Int?
  /// Points that the estimator could not place, where it can tell.
  public var outside: Int?
  public var note: String?

  /// Whether the value exceeds the noise floor by more than two standard errors.
  public var isAboveNoise: Bool? {
    guard let noiseFloor, let standardError else { return nil }
    return value - noiseFloor > 2 * standardError
  }

  func score(of observable: String?, frames: Int, interval: Double) -> Score {
    Score(
      estimator, of: observable, value, standardError: standardError, noiseFloor: noiseFloor, length: frames,
      interval: interval, convention: noiseFloorSource.map { "noise floor: \($0)" })
  }
}
