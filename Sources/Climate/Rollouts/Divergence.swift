internal import Trajectories

/// Which rollouts have left the attractor: those with a value that is not finite, or whose range exceeds 1.1 times the
/// truth's largest (the published rule).
///
/// Of an observable that the truth conserves, but for round-off and the error of its integrator, this range says nothing:
/// any model would exceed it. A rollout has left by it only when it moves by a tenth of the observable's size. Nothing
/// passes a comparison with what is not a number.
enum Divergence {
  /// What moves by no more than this share of its size counts as conserved.
  static let conserved = 1e-6
  /// A rollout has left when something that is conserved moves by this share of its size.
  static let lost = 0.1

  /// Numbers of the series that have left.
  static func divergent(_ series: [[Double]], limit: Double) -> [Int] {
    series.indices.filter { onset(series[$0], limit: limit) != nil }
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
  /// - Parameter size: Of what the observable is made of, where that is known: the sum of large numbers that cancel is
  ///   small, and yet not known better than they are.
  static func limit(_ truth: [[Double]], size: Double = 0) -> Double {
    guard truth.contains(where: { !$0.isEmpty }) else { return .nan }
    var largest = 0.0
    var own = 0.0
    for series in truth {
      guard series.allSatisfy(\.isFinite) else { return .nan }
      largest = max(largest, (series.max() ?? 0) - (series.min() ?? 0))
      own = max(own, series.reduce(0) { max($0, abs($1)) })
    }
    let parts = max(own, size)
    if largest > conserved * parts { return 1.1 * largest }
    // Of what is zero throughout no size is known. Its own counts where it is more than what its parts leave uncertain.
    guard parts > 0 else { return .infinity }
    return max(1.1 * largest, lost * (own > conserved * parts ? own : parts))
  }

  /// The size of the numbers that an observable is made of: by how much it changes when those of a state are rounded to
  /// single precision, in units of that rounding.
  ///
  /// - Parameter states: (B, T); the first, the middle and the last of each are asked.
  static func size(of observable: Observable, _ states: [[State<Double>]]) -> Double {
    var largest = 0.0
    for rollout in states where !rollout.isEmpty {
      for index in Set([0, rollout.count / 2, rollout.count - 1]) {
        let value = observable.value(rollout[index])
        // Four patterns of signs, so that what cancels in one does not in all.
        for pattern in 0..<4 as Range<UInt64> {
          var rounded = rollout[index]
          for k in rounded.values.indices {
            let hash = (UInt64(k) &+ 1) &* 0x9e37_79b9_7f4a_7c15 &* (2 &* pattern &+ 1)
            rounded.values[k] *= hash >> 63 == 0 ? 1 + 0x1p-24 : 1 - 0x1p-24
          }
          let change = abs(observable.value(rounded) - value)
          if change.isFinite { largest = max(largest, change) }
        }
      }
    }
    return largest * 0x1p24
  }
}
