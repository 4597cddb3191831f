/// Why the portable arithmetic cannot be had here, with the remedy in the message.
public struct ArithmeticError: Error, Sendable, Equatable, CustomStringConvertible {
  public let message: String

  public init(_ message: String) { self.message = message }

  public var description: String { message }
}
