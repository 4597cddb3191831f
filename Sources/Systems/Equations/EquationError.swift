/// What is wrong with a file of equations, and where.
public struct EquationError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String
  /// Both counted from 1; the column in characters.
  public let line: Int
  public let column: Int

  init(_ message: String, line: Int, column: Int) {
    self.message = message
    self.line = line
    self.column = column
  }

  public var description: String { "line \(line), column \(column): \(message)" }
}
