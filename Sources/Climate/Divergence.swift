/// Which rollouts have left the attractor.
enum Divergence {
  /// Numbers of the series that are not finite or whose range exceeds 1.1 times the truth's largest (the published rule).
  static func divergent(_ series: [[Double]], truth: [[Double]]) -> [Int] {
    let limit = 1.1 * (truth.map(range).max() ?? .infinity)
    return series.indices.filter { !(range(series[$0]) <= limit) }
  }

  /// The first frame at which a series has left, by the same rule; nil when it never does.
  static func onset(_ series: [Double], truth: [[Double]]) -> Int? {
    let limit = 1.1 * (truth.map(range).max() ?? .infinity)
    var low = Double.infinity
    var high = -Double.infinity
    for (index, value) in series.enumerated() {
      low = min(low, value)
      high = max(high, value)
      if !value.isFinite || high - low > limit { return index }
    }
    return nil
  }

  private static func range(_ series: [Double]) -> Double {
    guard series.allSatisfy(\.isFinite) else { return .nan }
    return (series.max() ?? 0) - (series.min() ?? 0)
  }
}
