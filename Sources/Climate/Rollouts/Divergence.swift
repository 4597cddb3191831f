/// Which rollouts have left the attractor: those with a value that is not finite, or whose range exceeds 1.1 times the
/// truth's largest (the published rule).
///
/// An observable that the truth conserves tells nothing but whether it is finite: its range is round-off. Nothing passes a
/// comparison with what is not a number.
enum Divergence {
  /// Numbers of the series that have left.
  static func divergent(_ series: [[Double]], truth: [[Double]]) -> [Int] {
    let limit = limit(truth)
    return series.indices.filter { onset(series[$0], limit: limit) != nil }
  }

  /// The first frame at which a series has left; nil when it never does.
  static func onset(_ series: [Double], truth: [[Double]]) -> Int? { onset(series, limit: limit(truth)) }

  /// The first frame at which the range is beyond the limit or a value is not finite.
  static func onset(_ series: [Double], limit: Double) -> Int? {
    var low = Double.infinity
    var high = -Double.infinity
    for (index, value) in series.enumerated() {
      low = min(low, value)
      high = max(high, value)
      if !value.isFinite || !(high - low <= limit) { return index }
    }
    return nil
  }

  /// The largest range that a rollout may have; not a number, which no range is within, when the truth has none.
  static func limit(_ truth: [[Double]]) -> Double {
    var largest = 0.0
    var size = 0.0
    guard truth.contains(where: { !$0.isEmpty }) else { return .nan }
    for series in truth {
      guard series.allSatisfy(\.isFinite) else { return .nan }
      largest = max(largest, (series.max() ?? 0) - (series.min() ?? 0))
      size = max(size, series.reduce(0) { max($0, abs($1)) })
    }
    return largest <= max(1e-12, 1e-9 * size) && largest > 0 ? .infinity : 1.1 * largest
  }
}
