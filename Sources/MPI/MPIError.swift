/// Why ranks cannot work together, with the remedy in the message.
public struct MPIError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: Sendable {
    /// The library cannot be opened or used.
    case missing
    /// A call of the library failed.
    case failed
    /// Another rank has failed, and says why.
    case peer
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
