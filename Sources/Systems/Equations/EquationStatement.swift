/// A line of a file of equations: its first word, and the rest.
struct EquationStatement {
  let word: String
  /// Without the spaces around it.
  let rest: String
  let line: Int
  /// Of the first word and of the rest, from 1.
  let column: Int
  let restColumn: Int
  /// As it stands in the file.
  let text: String

  /// nil for a line that says nothing.
  init?(_ line: Substring, line number: Int) {
    text = String(line)
    let said = line.prefix { $0 != "#" }
    guard let start = said.firstIndex(where: { !$0.isWhitespace }) else { return nil }
    let words = said[start...]
    let end = words.firstIndex { $0.isWhitespace || $0 == "=" } ?? said.endIndex
    word = String(words[..<end])
    let after = words[end...].firstIndex { !$0.isWhitespace } ?? said.endIndex
    var rest = said[after...]
    while rest.last?.isWhitespace == true { rest.removeLast() }
    self.rest = String(rest)
    self.line = number
    column = said.distance(from: said.startIndex, to: start) + 1
    restColumn = said.distance(from: said.startIndex, to: after) + 1
  }

  /// Whether it names the delay of the system that these lines began: `delay tau` within a delay system.
  func isDelayOf(_ statements: [EquationStatement]) -> Bool {
    word == "delay" && statements.first?.word == "delay"
      && statements.contains { $0.word == "parameter" && $0.rest.prefix { !$0.isWhitespace && $0 != "=" } == rest }
  }

  func complain(_ message: String) -> EquationError { EquationError(message, line: line, column: column) }
  func complainOfRest(_ message: String) -> EquationError { EquationError(message, line: line, column: restColumn) }

  /// What stands on both sides of the first sign; nil without one.
  func parts(_ sign: Character) -> (String, String, Int)? {
    guard let at = rest.firstIndex(of: sign) else { return nil }
    var second = rest[rest.index(after: at)...]
    var column = restColumn + rest.distance(from: rest.startIndex, to: at) + 1
    while second.first?.isWhitespace == true {
      second.removeFirst()
      column += 1
    }
    var first = rest[..<at]
    while first.last?.isWhitespace == true { first.removeLast() }
    return (String(first), String(second), column)
  }

  /// A number that expressions of numbers alone give, such as `8/3`.
  func number(_ text: String, column: Int) throws(EquationError) -> Double {
    var builder = EquationProgramBuilder(inputs: 0)
    let value = try ExpressionParser.read(text, names: [:], line: line, column: column, into: &builder)
    let number = builder.program([value]).values([])[0]
    guard number.isFinite else { throw EquationError("`\(text)` is not finite", line: line, column: column) }
    return number
  }

  /// `NUMBER`, or `NUMBER ~ NUMBER`.
  func numbers(_ text: String, column: Int) throws(EquationError) -> (Double, Double?) {
    guard let at = text.firstIndex(of: "~") else { return (try number(text, column: column), nil) }
    let place = text.distance(from: text.startIndex, to: at)
    return (
      try number(String(text[..<at]), column: column),
      try number(String(text[text.index(after: at)...]), column: column + place + 1)
    )
  }
}
