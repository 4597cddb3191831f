public import Settings
internal import Trajectories

/// The largest error of every observable at any one frame of any rollout.
public struct LargestError: Metric {
  public static let word = "largest-error"
  public static let summary = "Largest error of each observable at any one frame"
  static let id = "largest error"

  public init(_ section: ConfigurationSection) {}

  public func scores(_ rollouts: Rollouts) -> [Score] {
    rollouts.observables.compactMap { observable in
      rollouts.errors.parts.first { $0.name == observable.name }.map {
        Score(Self.id, of: $0.name, $0.largest, length: rollouts.frames, interval: rollouts.interval)
      }
    }
  }
}
