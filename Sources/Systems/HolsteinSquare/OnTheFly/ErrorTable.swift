internal import Foundation

/// What the model's errors have been, by how doubtful sites are: mean squares in a table of (difference, slope), each a
/// power of two or so wide, that forget as new errors come.
///
/// Sites are labelled by their place in the table, never by their error, so that the mean of a place is not biased by who
/// is labelled; the audit keeps those places true that are labelled no more.
struct ErrorTable: Sendable, Equatable {
  private static let side = 16
  /// Errors that a place must have seen before it is trusted.
  static let least = 16.0
  /// Errors after which older ones count less.
  static let most = 4000.0
  private var counts = [Double](repeating: 0, count: side * side)
  private var squares = [Double](repeating: 0, count: side * side)

  /// The place of a site.
  @inline(__always)
  static func place(_ doubt: (difference: Double, slope: Double)) -> Int {
    // The exponent of a floating-point number is the whole part of its logarithm.
    func level(_ x: Double) -> Int { x > 0 ? max(0, min(side - 1, Int(x.exponent) + side - 2)) : 0 }
    return level(doubt.difference) * side + level(doubt.slope)
  }

  /// - Parameter error: Of the density.
  mutating func add(_ error: Double, at place: Int) {
    if counts[place] >= Self.most {
      counts[place] *= 0.5
      squares[place] *= 0.5
    }
    counts[place] += 1
    squares[place] += error * error
  }

  /// Mean squares by place; infinite where too little is known.
  var variances: [Double] {
    zip(counts, squares).map { $0 < Self.least ? .infinity : $1 / $0 }
  }
}
