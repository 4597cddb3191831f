public import Settings
internal import Trajectories

/// How far predictions break the laws of the system: the extreme over all rollouts and frames, beside the truth's own.
public struct Invariants: Metric {
  public static let word = "invariants"
  public static let summary = "How far predictions break the laws of the system"

  static let convention = "extreme over rollouts and frames"

  public init(_ section: ConfigurationSection) {}

  public func scores(_ rollouts: Rollouts) -> [Score] {
    rollouts.system.invariants.filter(\.isScored).map { law in
      Score(
        law.name, Self.extreme(law, rollouts.states), truth: Self.extreme(law, rollouts.truth.states),
        length: rollouts.frames, interval: rollouts.interval, convention: Self.convention)
    }
  }

  private static func extreme(_ law: Invariant, _ rollouts: [[State<Double>]]) -> Double {
    var result: Double?
    for rollout in rollouts {
      guard let start = rollout.first else { continue }
      let first = law.value(start)
      for state in rollout {
        // A divergence is seen, not skipped.
        let extent = state.values.contains(where: \.isNaN) ? .nan : law.extent(of: law.value(state), first: first)
        result = result.map { law.measure == .smallest ? -larger(-$0, -extent) : larger($0, extent) } ?? extent
      }
    }
    return result ?? .nan
  }

  /// Not a number when one of them is not.
  private static func larger(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }
}
