/// Page's and Hinkley's test for a mean that rises or falls: the sum of the deviations from the running mean, less an
/// allowance, against its own least value.
///
/// Source: E. S. Page, Biometrika 41 (1954) 100; D. V. Hinkley, Biometrika 58 (1971) 509.
public struct PageHinkley: Codable, Sendable, Equatable {
  private let allowance: Double
  private let threshold: Double
  private var seen = 0
  private var mean = 0.0
  private var (up, leastUp, down, leastDown) = (0.0, 0.0, 0.0, 0.0)

  /// - Parameters: in standard deviations of what is watched.
  public init(allowance: Double = 0.25, threshold: Double = 25) {
    (self.allowance, self.threshold) = (allowance, threshold)
  }

  /// Whether it can be worked with, wherever it was read: as it is made without other word.
  var isSound: Bool {
    let fresh = PageHinkley()
    return allowance == fresh.allowance && threshold == fresh.threshold && SeriesWatch.counts.contains(seen)
  }

  /// - Returns: Whether there was a change; the test then begins anew.
  public mutating func observe(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    seen += 1
    mean += (value - mean) / Double(seen)
    up += value - mean - allowance
    down += mean - value - allowance
    leastUp = min(leastUp, up)
    leastDown = min(leastDown, down)
    guard max(up - leastUp, down - leastDown) > threshold else { return false }
    self = Self(allowance: allowance, threshold: threshold)
    return true
  }
}

/// The two-sided cumulative sum of standardised values: S⁺ = max(0, S⁺ + z − k), S⁻ = max(0, S⁻ − z − k), a change where one
/// exceeds h. A shift of 2k standard deviations is found soonest.
///
/// Source: E. S. Page, Biometrika 41 (1954) 100; D. C. Montgomery, Introduction to Statistical Quality Control.
public struct CumulativeSum: Codable, Sendable, Equatable {
  private let allowance: Double
  private let threshold: Double
  private var (up, down) = (0.0, 0.0)

  public init(allowance: Double = 0.5, threshold: Double = 10) {
    (self.allowance, self.threshold) = (allowance, threshold)
  }

  /// Whether it can be worked with, wherever it was read: as it is made without other word.
  var isSound: Bool {
    let fresh = CumulativeSum()
    return allowance == fresh.allowance && threshold == fresh.threshold
  }

  /// - Returns: Whether there was a change; the sums then begin anew.
  public mutating func observe(_ z: Double) -> Bool {
    guard z.isFinite else { return false }
    up = max(0, up + z - allowance)
    down = max(0, down - z - allowance)
    guard max(up, down) > threshold else { return false }
    (up, down) = (0, 0)
    return true
  }
}
