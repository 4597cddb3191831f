internal import Foundation

/// What an expression can be made of: arithmetic and functions of one or two numbers.
enum EquationOperation: UInt8, CaseIterable, Sendable {
  case negated, abs, sign, heaviside, sqrt, exp, log, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, floor
  case sum, difference, product, quotient, power, min, max, mod, atan2, kepler

  /// How expressions call it; nil of those with a sign of their own.
  var word: String? {
    switch self {
    case .negated, .sum, .difference, .product, .quotient, .power: nil
    default: "\(self)"
    }
  }

  var takesTwo: Bool { rawValue >= Self.sum.rawValue }

  /// The functions by their words.
  static let functions: [String: EquationOperation] = Dictionary(
    uniqueKeysWithValues: allCases.compactMap { operation in operation.word.map { ($0, operation) } })

  /// Of single numbers; `b` counts only where two are taken.
  @inline(__always)
  func value(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .negated: -a
    case .abs: Swift.abs(a)
    // A number that is none stays one, so that what went wrong is seen.
    case .sign: a > 0 ? 1 : a < 0 ? -1 : a.isNaN ? a : 0
    case .heaviside: a > 0 ? 1 : a.isNaN ? a : 0
    case .sqrt: a.squareRoot()
    case .exp: Foundation.exp(a)
    case .log: Foundation.log(a)
    case .sin: Foundation.sin(a)
    case .cos: Foundation.cos(a)
    case .tan: Foundation.tan(a)
    case .asin: Foundation.asin(a)
    case .acos: Foundation.acos(a)
    case .atan: Foundation.atan(a)
    case .sinh: Foundation.sinh(a)
    case .cosh: Foundation.cosh(a)
    case .tanh: Foundation.tanh(a)
    case .floor: a.rounded(.down)
    case .sum: a + b
    case .difference: a - b
    case .product: a * b
    case .quotient: a / b
    case .power: Foundation.pow(a, b)
    case .min: a.isNaN || a < b ? a : b
    case .max: a.isNaN || a > b ? a : b
    case .mod: Self.remainder(a, b)
    case .atan2: Foundation.atan2(a, b)
    case .kepler: Self.anomaly(a, b)
    }
  }

  /// a − b ⌊a/b⌋, with the sign of b, exactly.
  private static func remainder(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// q of Kepler's equation q − e sin q = m, for 0 ≤ e ≤ 1, by Newton's method between bounds that it cannot leave.
  private static func anomaly(_ e: Double, _ m: Double) -> Double {
    guard e >= 0, e <= 1, m.isFinite else { return .nan }
    let turns = 2 * Double.pi * (m / (2 * Double.pi)).rounded()
    let rest = m - turns
    var (low, high) = (rest - e, rest + e)
    var q = rest
    for _ in 0..<100 {
      let error = q - e * Foundation.sin(q) - rest
      if error > 0 { high = q } else { low = q }
      let slope = 1 - e * Foundation.cos(q)
      var next = q - error / slope
      if !(next >= low && next <= high) { next = (low + high) / 2 }
      if Swift.abs(next - q) <= 4e-16 * Swift.max(1, Swift.abs(q)) { return turns + next }
      q = next
    }
    return turns + q
  }
}
