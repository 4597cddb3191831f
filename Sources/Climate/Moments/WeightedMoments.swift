/// Mean, variance and extremes in one pass; two of them merge into that of all their values.
///
/// Source: Chan, Golub and LeVeque, The American Statistician 37, 242 (1983).
public struct WeightedMoments: Codable, Sendable, Equatable {
  /// Sum of the weights: the number of values when nothing is forgotten.
  public private(set) var weight = 0.0
  public private(set) var mean = 0.0
  /// Sum of weighted squared deviations from the mean.
  private var squares = 0.0
  /// Over all values since the start, also forgotten ones.
  public private(set) var minimum = Double.infinity
  public private(set) var maximum = -Double.infinity
  public private(set) var notFinite = 0

  public init() {}

  public var variance: Double { weight > 0 ? squares / weight : 0 }

  /// Values that are not finite are counted and change nothing else.
  public mutating func add(_ value: Double) {
    guard value.isFinite else {
      notFinite += 1
      return
    }
    weight += 1
    let difference = value - mean
    mean += difference / weight
    squares += difference * (value - mean)
    minimum = min(minimum, value)
    maximum = max(maximum, value)
  }

  public mutating func merge(_ other: WeightedMoments) {
    notFinite += other.notFinite
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    let total = weight + other.weight
    guard total > 0 else { return }
    let difference = other.mean - mean
    squares += other.squares + difference * difference * weight * other.weight / total
    mean += difference * other.weight / total
    weight = total
  }

  /// Makes everything so far count less.
  mutating func decay(_ factor: Double) {
    weight *= factor
    squares *= factor
  }
}
