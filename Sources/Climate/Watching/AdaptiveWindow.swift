internal import Foundation

/// ADWIN: a window of values that grows while their mean stays, and loses its older part where the means of two parts
/// differ by more than chance allows.
///
/// The values are kept as an exponential histogram, at most `most` buckets of each power of two, so that n values need
/// about `most` log₂ n sums. A cut between parts of n₀ and n₁ values is made where their means differ by more than
/// √(2 σ² ln(2/δ′)/m) + 2 ln(2/δ′)/(3 m), 1/m = 1/n₀ + 1/n₁, δ′ = δ/ln n.
///
/// Source: A. Bifet and R. Gavaldà, Learning from time-changing data with adaptive windowing, SDM 2007.
public struct AdaptiveWindow: Codable, Sendable, Equatable {
  private struct Bucket: Codable, Sendable, Equatable {
    var count: Int
    var sum: Double
    /// Sum of squared deviations from the bucket's mean.
    var squares: Double
  }

  private let confidence: Double
  private let most: Int
  private let every: Int
  /// Newest first.
  private var buckets: [Bucket] = []
  private var seen = 0

  /// - Parameters:
  ///   - confidence: δ, of a false cut.
  ///   - most: Buckets of one size.
  ///   - every: Values between two looks.
  public init(confidence: Double = 0.002, most: Int = 5, every: Int = 32) {
    precondition(confidence > 0 && confidence < 1 && most > 1 && every > 0, "an adaptive window with δ = \(confidence)")
    (self.confidence, self.most, self.every) = (confidence, most, every)
  }

  /// Whether it can be worked with, wherever it was read: as it is made without other word.
  var isSound: Bool {
    let fresh = AdaptiveWindow()
    return confidence == fresh.confidence && most == fresh.most && every == fresh.every
      && SeriesWatch.counts.contains(seen) && buckets.count <= 64 * most
      && buckets.allSatisfy { $0.count > 0 && $0.count <= seen }
      && buckets.reduce(into: (sum: 0, isOver: false)) { all, bucket in
        let (sum, isOver) = all.sum.addingReportingOverflow(bucket.count)
        all = (sum, all.isOver || isOver || sum > seen)
      }.isOver == false
  }

  /// Values in the window.
  public var count: Int { buckets.reduce(0) { $0 + $1.count } }
  public var mean: Double { buckets.reduce(0) { $0 + $1.sum } / Double(max(count, 1)) }

  /// - Returns: Whether the window lost an older part.
  public mutating func observe(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    buckets.insert(Bucket(count: 1, sum: value, squares: 0), at: 0)
    compress()
    seen += 1
    guard seen % every == 0 else { return false }
    var hasCut = false
    while cut() { hasCut = true }
    return hasCut
  }

  private mutating func compress() {
    var start = 0
    while start < buckets.count {
      let size = buckets[start].count
      var end = start
      while end < buckets.count, buckets[end].count == size { end += 1 }
      guard end - start > most else { return }
      buckets[end - 2] = Self.merged(buckets[end - 2], buckets[end - 1])
      buckets.remove(at: end - 1)
      start = end - 2
    }
  }

  private static func merged(_ a: Bucket, _ b: Bucket) -> Bucket {
    let apart = a.sum / Double(a.count) - b.sum / Double(b.count)
    let (m, n) = (Double(a.count), Double(b.count))
    return Bucket(
      count: a.count + b.count, sum: a.sum + b.sum, squares: a.squares + b.squares + m * n / (m + n) * apart * apart)
  }

  /// Drops the oldest bucket where some older part has another mean.
  private mutating func cut() -> Bool {
    guard buckets.count > 1 else { return false }
    let whole = buckets.dropFirst().reduce(buckets[0], Self.merged)
    guard whole.count >= 10 else { return false }
    let variance = whole.squares / Double(whole.count)
    let term = log(2 * log(Double(whole.count)) / confidence)
    var newer = buckets[0]
    for bucket in buckets.dropFirst() {
      let older = Bucket(count: whole.count - newer.count, sum: whole.sum - newer.sum, squares: 0)
      if newer.count >= 5, older.count >= 5 {
        let inverse = 1 / Double(newer.count) + 1 / Double(older.count)
        let bound = (2 * variance * term * inverse).squareRoot() + 2.0 / 3 * term * inverse
        if abs(newer.sum / Double(newer.count) - older.sum / Double(older.count)) > bound {
          buckets.removeLast()
          return true
        }
      }
      newer = Self.merged(newer, bucket)
    }
    return false
  }
}
