public import Settings
internal import Trajectories

/// The share of rollouts that have not diverged.
public struct Survival: Metric {
  public static let word = "survival"
  public static let summary = "Share of rollouts that are finite and within 1.1 times the truth's largest range"
  static let id = "survival"

  public init(_ section: ConfigurationSection) {}

  public func scores(_ rollouts: Rollouts) -> [Score] {
    let curve = Self.curve(rollouts)
    return [
      Score(
        Self.id, curve.last ?? 0, length: rollouts.frames, interval: rollouts.interval,
        convention:
          "range of every observable at most 1.1 times the truth's largest; of what the truth conserves to a millionth, below a tenth of its size",
        curve: curve)
    ]
  }

  /// The share whose observables are all still within bounds, against the frame, (T + 1).
  static func curve(_ rollouts: Rollouts) -> [Double] {
    var onsets = rollouts.states.map { states in states.firstIndex { !$0.isFinite } ?? .max }
    for observable in rollouts.observables {
      let limit = rollouts.truth.limits[observable.name]!
      for (k, series) in rollouts.series[observable.name]!.enumerated() {
        onsets[k] = min(onsets[k], Divergence.onset(series, limit: limit) ?? .max)
      }
    }
    return (0...rollouts.frames).map { t in Double(onsets.count { $0 > t }) / Double(onsets.count) }
  }
}
