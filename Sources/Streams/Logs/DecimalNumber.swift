internal import Glibc

/// What the bytes of one cell say: a decimal number, read to the same bits as `strtod` does, without making a string.
///
/// Hexadecimal numbers, thousands separators and decimal commas are texts: who wrote them should say what they mean.
public enum DecimalNumber: Sendable, Equatable {
  /// Infinite only where the cell says `inf` or `infinity`.
  case number(Double)
  /// Nothing, or a word for nothing: `nan`, `na`, `n/a`, `null`, `none`, in any case.
  case missing
  /// A number that double precision does not reach, such as 1e999.
  case beyond
  case text

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// - Parameter cell: Without white space around it.
  public init(_ cell: UnsafeRawBufferPointer) {
    var place = 0
    let end = cell.count
    guard end > 0 else {
      self = .missing
      return
    }
    let isNegative = cell[0] == UInt8(ascii: "-")
    if isNegative || cell[0] == UInt8(ascii: "+") { place = 1 }
    // At most 19 digits, which a 64-bit integer holds; `isExact` when there were no more.
    var mantissa: UInt64 = 0
    var digits = 0
    var exponent = 0
    var hasDigits = false
    var isExact = true
    while place < end, case let digit = cell[place] &- 48, digit < 10 {
      hasDigits = true
      if digits < 19 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        if mantissa != 0 { digits += 1 }
      } else {
        isExact = false
        exponent += 1
      }
      place += 1
    }
    if place < end, cell[place] == UInt8(ascii: ".") {
      place += 1
      while place < end, case let digit = cell[place] &- 48, digit < 10 {
        hasDigits = true
        if digits < 19 {
          mantissa = mantissa &* 10 &+ UInt64(digit)
          if mantissa != 0 { digits += 1 }
          exponent -= 1
        } else {
          isExact = false
        }
        place += 1
      }
    }
    if hasDigits, place < end, cell[place] | 0x20 == UInt8(ascii: "e") {
      place += 1
      var isSmall = false
      if place < end, cell[place] == UInt8(ascii: "-") || cell[place] == UInt8(ascii: "+") {
        isSmall = cell[place] == UInt8(ascii: "-")
        place += 1
      }
      var power = 0
      hasDigits = false
      while place < end, case let digit = cell[place] &- 48, digit < 10 {
        hasDigits = true
        power = min(power * 10 + Int(digit), 1_000_000_000)
        place += 1
      }
      exponent += isSmall ? -power : power
    }
    guard hasDigits, place == end else {
      self = Self.word(cell, isNegative: isNegative)
      return
    }
    // Both factors are exact, so that the one rounding is the right one (Clinger 1990).
    if isExact, mantissa <= 1 << 53, (-22...22).contains(exponent) {
      let whole = Double(mantissa)
      let value = exponent < 0 ? whole / Self.powers[-exponent] : whole * Self.powers[exponent]
      self = .number(isNegative ? -value : value)
      return
    }
    let value = Self.readSlowly(cell)
    self = value.isFinite ? .number(value) : .beyond
  }

  /// The number of the C library; of Swift's where the program has set a locale with another decimal point.
  private static func readSlowly(_ cell: UnsafeRawBufferPointer) -> Double {
    guard localeconv().pointee.decimal_point.pointee == CChar(bitPattern: UInt8(ascii: ".")) else {
      return Double(String(decoding: cell, as: UTF8.self)) ?? .nan
    }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: cell.count + 1) { text in
      for place in 0..<cell.count { text[place] = CChar(bitPattern: cell[place]) }
      text[cell.count] = 0
      return strtod(text.baseAddress!, nil)
    }
  }

  private static func word(_ cell: UnsafeRawBufferPointer, isNegative: Bool) -> DecimalNumber {
    guard cell.count <= 9 else { return .text }
    switch String(decoding: cell, as: UTF8.self).lowercased() {
    case "nan", "+nan", "-nan", "na", "n/a", "null", "none": return .missing
    case "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity":
      return .number(isNegative ? -.infinity : .infinity)
    default: return .text
    }
  }
}
