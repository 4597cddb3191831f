internal import Foundation

/// A histogram of values whose range is not known beforehand, in bounded memory.
///
/// Bins are as wide as a power of two and begin at its multiples; when more than 64 would be spanned, neighbours are
/// joined. So two histograms of different data merge exactly, in any order, into that of all the data.
public struct StreamingHistogram: Codable, Sendable, Equatable {
  public static let bins = 64
  /// Bin k holds values from k · 2^exponent up to (k + 1) · 2^exponent.
  public private(set) var exponent: Int?
  private var counts: [Int: Double] = [:]

  public init() {}

  public var width: Double { exponent.map { scalbn(1, $0) } ?? 0 }

  /// Lower edge of the first bin, and the weight in each bin from there on.
  public var filled: (low: Double, counts: [Double]) {
    guard let first = counts.keys.min(), let last = counts.keys.max() else { return (0, []) }
    return (Double(first) * width, (first...last).map { counts[$0] ?? 0 })
  }

  /// Values that are not finite are passed over.
  public mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    if exponent == nil { exponent = Self.finest(value) }
    // A wider bin than this value's own finest would spoil nothing: it is coarsened to in any case.
    while abs(value) / width >= 0x1p50 { coarsen() }
    counts[Int((value / width).rounded(.down)), default: 0] += 1
    fit()
  }

  public mutating func merge(_ other: StreamingHistogram) {
    guard let theirs = other.exponent else { return }
    guard let ours = exponent else {
      self = other
      return
    }
    var other = other
    while exponent! < max(ours, theirs) { coarsen() }
    while other.exponent! < exponent! { other.coarsen() }
    for (bin, count) in other.counts { counts[bin, default: 0] += count }
    fit()
  }

  mutating func decay(_ factor: Double) { counts = counts.mapValues { $0 * factor } }

  /// The width to begin with: far finer than any spread that 64 bins are wanted for.
  private static func finest(_ value: Double) -> Int { value == 0 ? -60 : max(-1000, Int(value.exponent) - 40) }

  private mutating func coarsen() {
    var joined: [Int: Double] = [:]
    for (bin, count) in counts { joined[bin >> 1, default: 0] += count }
    counts = joined
    exponent! += 1
  }

  private mutating func fit() {
    while let first = counts.keys.min(), let last = counts.keys.max(), last - first >= Self.bins { coarsen() }
  }
}
