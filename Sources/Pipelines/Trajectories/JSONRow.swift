internal import Streams

/// The flat numbers of a line that is a JSON object (RFC 8259), read from its bytes.
///
/// `NaN` and `Infinity` may stand there bare, as Python writes them.
enum JSONRow {
  enum Value: Equatable {
    case number(DecimalNumber)
    case text(Range<Int>)
    /// A truth value, a list or an object.
    case other
  }

  struct Malformed: Error {}

  /// Deeper lists and objects are refused, so that a line cannot exhaust the stack.
  private static let deepest = 200

  /// Calls `body` with the name and the value of each member of the object.
  /// - Throws: `Malformed` where the line is not one JSON object.
  static func members(
    _ line: UnsafeRawBufferPointer, _ body: (_ key: Range<Int>, _ hasEscapes: Bool, Value) -> Void
  ) throws(Malformed) {
    var place = 0
    skip(line, &place)
    try expect("{", line, &place)
    skip(line, &place)
    if place < line.count, line[place] == UInt8(ascii: "}") {
      place += 1
    } else {
      while true {
        skip(line, &place)
        let (key, hasEscapes) = try string(line, &place)
        skip(line, &place)
        try expect(":", line, &place)
        skip(line, &place)
        body(key, hasEscapes, try value(line, &place, depth: 0))
        skip(line, &place)
        guard place < line.count, line[place] == UInt8(ascii: ",") else { break }
        place += 1
      }
      try expect("}", line, &place)
    }
    skip(line, &place)
    guard place == line.count else { throw Malformed() }
    if line.contains(where: { $0 >= 0x80 }), String(validating: line, as: UTF8.self) == nil { throw Malformed() }
  }

  private static func skip(_ line: UnsafeRawBufferPointer, _ place: inout Int) {
    while place < line.count, " \t\r\n".utf8.contains(line[place]) { place += 1 }
  }

  private static func expect(_ sign: Unicode.Scalar, _ line: UnsafeRawBufferPointer, _ place: inout Int)
    throws(Malformed)
  {
    guard place < line.count, line[place] == UInt8(ascii: sign) else { throw Malformed() }
    place += 1
  }

  /// What is between the quotation marks.
  private static func string(
    _ line: UnsafeRawBufferPointer, _ place: inout Int
  ) throws(Malformed) -> (Range<Int>, hasEscapes: Bool) {
    try expect("\"", line, &place)
    let start = place
    var hasEscapes = false
    while place < line.count, line[place] != UInt8(ascii: "\"") {
      guard line[place] >= 0x20 else { throw Malformed() }
      if line[place] == UInt8(ascii: "\\") {
        hasEscapes = true
        place += 1
        guard place < line.count, "\"\\/bfnrtu".utf8.contains(line[place]) else { throw Malformed() }
        if line[place] == UInt8(ascii: "u") {
          guard place + 4 < line.count, line[(place + 1)...(place + 4)].allSatisfy(isHexadecimal) else {
            throw Malformed()
          }
          place += 4
        }
      }
      place += 1
    }
    let range = start..<place
    try expect("\"", line, &place)
    return (range, hasEscapes)
  }

  private static func value(_ line: UnsafeRawBufferPointer, _ place: inout Int, depth: Int) throws(Malformed) -> Value {
    guard place < line.count, depth < deepest else { throw Malformed() }
    switch line[place] {
    case UInt8(ascii: "\""): return .text(try string(line, &place).0)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      try nested(line, &place, depth: depth + 1)
      return .other
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      if word("-Infinity", line, &place) { return .number(.number(-.infinity)) }
      return .number(try number(line, &place))
    default:
      if word("null", line, &place) || word("NaN", line, &place) { return .number(.missing) }
      if word("Infinity", line, &place) { return .number(.number(.infinity)) }
      if word("true", line, &place) || word("false", line, &place) { return .other }
      throw Malformed()
    }
  }

  /// A list or an object, whose content does not matter.
  private static func nested(_ line: UnsafeRawBufferPointer, _ place: inout Int, depth: Int) throws(Malformed) {
    let isObject = line[place] == UInt8(ascii: "{")
    let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
    place += 1
    skip(line, &place)
    if place < line.count, line[place] == end {
      place += 1
      return
    }
    while true {
      skip(line, &place)
      if isObject {
        _ = try string(line, &place)
        skip(line, &place)
        try expect(":", line, &place)
        skip(line, &place)
      }
      _ = try value(line, &place, depth: depth)
      skip(line, &place)
      guard place < line.count else { throw Malformed() }
      defer { place += 1 }
      if line[place] == end { return }
      guard line[place] == UInt8(ascii: ",") else { throw Malformed() }
    }
  }

  private static func number(_ line: UnsafeRawBufferPointer, _ place: inout Int) throws(Malformed) -> DecimalNumber {
    let start = place
    while place < line.count, "+-.0123456789eE".utf8.contains(line[place]) { place += 1 }
    let digits = line[start..<place].drop { $0 == UInt8(ascii: "-") }
    // JSON has neither leading zeros nor a point without a digit on both of its sides.
    guard let first = digits.first, (48...57).contains(first),
      first != 48 || digits.count == 1 || !(48...57).contains(digits[digits.startIndex + 1]),
      !zip(digits, digits.dropFirst()).contains(where: { $0 == UInt8(ascii: ".") && !(48...57).contains($1) }),
      digits.last != UInt8(ascii: ".")
    else { throw Malformed() }
    let number = DecimalNumber(UnsafeRawBufferPointer(rebasing: line[start..<place]))
    if number == .text { throw Malformed() }
    return number
  }

  private static func word(_ word: StaticString, _ line: UnsafeRawBufferPointer, _ place: inout Int) -> Bool {
    word.withUTF8Buffer { letters in
      guard place + letters.count <= line.count, line[place..<(place + letters.count)].elementsEqual(letters) else {
        return false
      }
      place += letters.count
      return true
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte | 0x20)
  }
}
