/// Reads one expression, such as `s*(y - x)`, into a program.
///
/// Signs in the order in which they bind: `^` (from the right), the sign of a number, `*` and `/`, `+` and `-`. Numbers
/// are decimal, names are letters, digits and `_`; `pi` is π. Functions are those of `EquationOperation`.
struct ExpressionParser {
  /// Brackets, signs and powers within each other.
  static let mostNesting = 64

  private let text: [UInt8]
  private let line: Int
  /// Of the first character of the text.
  private let column: Int
  private let names: [String: Int]
  private var place = 0
  private var nesting = 0

  /// - Parameters:
  ///   - names: The numbers of the values that names stand for.
  ///   - line, column: Where the text stands in its file.
  /// - Returns: The number of the value in the builder.
  static func read(
    _ text: some StringProtocol, names: [String: Int], line: Int, column: Int,
    into builder: inout EquationProgramBuilder
  ) throws(EquationError) -> Int {
    var parser = ExpressionParser(text: Array(text.utf8), line: line, column: column, names: names)
    let value = try parser.sum(&builder)
    guard parser.next == nil else { throw parser.unexpected("an operator or the end") }
    return value
  }

  private init(text: [UInt8], line: Int, column: Int, names: [String: Int]) {
    self.text = text
    self.line = line
    self.column = column
    self.names = names
  }

  // MARK: Grammar

  private mutating func sum(_ builder: inout EquationProgramBuilder) throws(EquationError) -> Int {
    var value = try product(&builder)
    while let sign = take("+", "-") {
      let other = try product(&builder)
      value = try apply(sign == UInt8(ascii: "+") ? .sum : .difference, value, other, &builder)
    }
    return value
  }

  private mutating func product(_ builder: inout EquationProgramBuilder) throws(EquationError) -> Int {
    var value = try signed(&builder)
    while let sign = take("*", "/") {
      let other = try signed(&builder)
      value = try apply(sign == UInt8(ascii: "*") ? .product : .quotient, value, other, &builder)
    }
    return value
  }

  private mutating func signed(_ builder: inout EquationProgramBuilder) throws(EquationError) -> Int {
    try enter()
    defer { nesting -= 1 }
    guard let sign = take("-", "+") else { return try power(&builder) }
    let value = try signed(&builder)
    return sign == UInt8(ascii: "-") ? try apply(.negated, value, value, &builder) : value
  }

  private mutating func power(_ builder: inout EquationProgramBuilder) throws(EquationError) -> Int {
    let base = try atom(&builder)
    guard take("^") != nil else { return base }
    let exponent = try signed(&builder)
    return try apply(.power, base, exponent, &builder)
  }

  private mutating func atom(_ builder: inout EquationProgramBuilder) throws(EquationError) -> Int {
    guard let byte = next else { throw unexpected("a number, a name or a bracket") }
    if take("(") != nil {
      try enter()
      defer { nesting -= 1 }
      let value = try sum(&builder)
      guard take(")") != nil else { throw unexpected("`)`") }
      return value
    }
    if Self.isDigit(byte) || byte == UInt8(ascii: ".") { return builder.constant(try number()) }
    guard Self.isLetter(byte) else { throw unexpected("a number, a name or a bracket") }
    let start = place
    while let byte = bytes(at: place), Self.isLetter(byte) || Self.isDigit(byte) { place += 1 }
    let name = String(decoding: text[start..<place], as: UTF8.self)
    guard next == UInt8(ascii: "(") else {
      if let value = names[name] { return value }
      if name == "pi" { return builder.constant(.pi) }
      throw complain("there is no `\(name)` here", at: start)
    }
    guard let function = EquationOperation.functions[name] else {
      throw complain("there is no function `\(name)`", at: start)
    }
    _ = take("(")
    try enter()
    defer { nesting -= 1 }
    let first = try sum(&builder)
    var second = first
    if function.takesTwo {
      guard take(",") != nil else { throw unexpected("`,`: `\(name)` takes two numbers") }
      second = try sum(&builder)
    }
    guard take(")") != nil else {
      throw unexpected("`)`: `\(name)` takes \(function.takesTwo ? "two numbers" : "one number")")
    }
    return try apply(function, first, second, &builder)
  }

  private mutating func number() throws(EquationError) -> Double {
    let start = place
    while let byte = bytes(at: place) {
      let isSign =
        (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")) && place > start
        && (text[place - 1] | 0x20) == UInt8(ascii: "e")
      guard Self.isDigit(byte) || Self.isLetter(byte) || byte == UInt8(ascii: ".") || isSign else { break }
      place += 1
    }
    let written = String(decoding: text[start..<place], as: UTF8.self)
    // Hexadecimal numbers are none of ours.
    guard let value = Double(written), value.isFinite, !written.contains(where: { "xXpP".contains($0) }) else {
      throw complain("`\(written.prefix(40))` is no number", at: start)
    }
    return value
  }

  private func apply(
    _ operation: EquationOperation, _ a: Int, _ b: Int, _ builder: inout EquationProgramBuilder
  ) throws(EquationError) -> Int {
    guard !builder.isFull else {
      throw complain("the equations have more than \(EquationProgramBuilder.most) operations", at: place)
    }
    return builder.apply(operation, a, b)
  }

  private mutating func enter() throws(EquationError) {
    nesting += 1
    guard nesting <= Self.mostNesting else {
      throw complain("brackets, signs and powers lie more than \(Self.mostNesting) deep", at: place)
    }
  }

  // MARK: Characters

  /// The next character that is no space, where the reader then stands; nil at the end.
  private var next: UInt8? {
    mutating get {
      while let byte = bytes(at: place), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { place += 1 }
      return bytes(at: place)
    }
  }

  private func bytes(at place: Int) -> UInt8? { place < text.count ? text[place] : nil }

  private mutating func take(_ signs: Unicode.Scalar...) -> UInt8? {
    guard let byte = next, signs.contains(where: { UInt8(ascii: $0) == byte }) else { return nil }
    place += 1
    return byte
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  private static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
  }

  private mutating func unexpected(_ wanted: String) -> EquationError {
    guard next != nil else { return complain("the expression ends where there should be \(wanted)", at: place) }
    let rest = String(decoding: text[place...], as: UTF8.self)
    return complain("expected \(wanted), found `\(rest.prefix(1))`", at: place)
  }

  private func complain(_ message: String, at place: Int) -> EquationError {
    EquationError(
      message, line: line, column: column + String(decoding: text[..<min(place, text.count)], as: UTF8.self).count)
  }
}
