/// What went wrong between processes, with the remedy in the message.
public struct TransportError: Error, Sendable, CustomStringConvertible {
  public enum Code: Sendable {
    /// An address that is none, or that needs what was not given.
    case address
    /// A library or a program that this machine lacks.
    case missing
    /// The other side does not answer; trying again later may help.
    case unreachable
    /// A token or a certificate that the other side does not take, or that we do not.
    case refused
    /// A message that nobody of ours has written, or that is damaged.
    case malformed
    /// A message that is larger than messages may be.
    case tooLarge
  }

  public let code: Code
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
