public import Settings

/// For how long predictions are good, by the first observable and by the whole state.
public struct ValidTimeMetric: Metric {
  public static let word = "valid-time"
  public static let summary = "Median time until the error exceeds `valid-threshold:`"
  static let id = "valid time"

  public init(_ section: ConfigurationSection) {}

  public func scores(_ rollouts: Rollouts) -> [Score] {
    ValidTime.all(rollouts).map { time in
      Score(
        Self.id, of: time.norm, time.median, length: rollouts.frames, interval: rollouts.interval,
        convention: "median over rollouts; error up to \(time.threshold) standard deviations, at most \(time.cap)")
    }
  }
}
