internal import Foundation

/// How unusual an error is among the last ones, calibrated: of errors like those, a share `falseAlarms` raises an alarm.
///
/// p is the share of the errors kept that are at least as large, the new one counted with them (a conformal p-value:
/// Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005). Where errors come in no particular order, it
/// is at most α with a probability of at most α, whatever their distribution. The score is −log₁₀ p.
public struct ConformalScore: Codable, Sendable, Equatable {
  public let falseAlarms: Double
  private let capacity: Int
  /// In the order in which they came; a ring from `oldest` on once it is full.
  private var kept: [Double] = []
  private var oldest = 0
  private var sorted: [Double] = []

  /// - Parameters:
  ///   - falseAlarms: α, the share of rows without an anomaly that raise an alarm.
  ///   - capacity: Errors that are kept; at least 2/α are, so that α can be told.
  public init(falseAlarms: Double, capacity: Int) {
    precondition(falseAlarms > 0 && falseAlarms < 1 && capacity > 0, "a share of \(falseAlarms) among \(capacity)")
    self.falseAlarms = falseAlarms
    self.capacity = max(capacity, Int((2 / falseAlarms).rounded(.up)))
  }

  /// Whether it can be worked with, wherever it was read.
  func isSound(falseAlarms: Double, capacity: Int) -> Bool {
    let fresh = ConformalScore(falseAlarms: falseAlarms, capacity: capacity)
    return self.falseAlarms == falseAlarms && self.capacity == fresh.capacity && kept.count <= self.capacity
      && (0..<max(1, kept.count)).contains(oldest) && sorted == kept.sorted()
  }

  /// Whether there are errors enough for an alarm.
  public var isCalibrated: Bool { Double(kept.count + 1) * falseAlarms >= 1 }

  /// The score of an error's size, which is then kept; nil before there are errors enough.
  public mutating func score(_ size: Double) -> (score: Double, isAlarm: Bool)? {
    guard size.isFinite else { return nil }
    let below = place(of: size)
    let p = Double(sorted.count - below + 1) / Double(sorted.count + 1)
    let wasCalibrated = isCalibrated
    keep(size, at: below)
    return wasCalibrated ? (-log10(p), p <= falseAlarms) : nil
  }

  /// Forgets the errors: after a change they are of another kind.
  public mutating func begin() { (kept, oldest, sorted) = ([], 0, []) }

  private mutating func keep(_ size: Double, at place: Int) {
    sorted.insert(size, at: place)
    guard kept.count == capacity else { return kept.append(size) }
    sorted.remove(at: self.place(of: kept[oldest]))
    kept[oldest] = size
    oldest = (oldest + 1) % capacity
  }

  /// How many are smaller.
  private func place(of size: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < size { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
