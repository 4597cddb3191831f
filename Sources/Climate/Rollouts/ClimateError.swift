/// Why a climate cannot be judged.
public struct ClimateError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// The truth has a number that is not finite.
    case notFinite
    /// A frame of the truth breaks a law of its system.
    case brokenLaw
    /// There is nothing to compare, or not the same of both.
    case invalidData
  }

  public let code: Code
  /// What is wrong, where, and what can be done.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
