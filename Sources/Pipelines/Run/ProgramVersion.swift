internal import Tensors

/// Which program it is: its number, the commit that it was built from, and the machine code that computes.
public struct ProgramVersion: Codable, Sendable, Equatable, CustomStringConvertible {
  public static let currentNumber = "0.2.0"

  public var number: String
  /// A commit of the project, `-dirty` where the sources were changed since; `unknown` outside a checkout.
  public var commit: String
  /// Arithmetic id, such as `x86-64-v4/SkylakeX/0.3.21`.
  public var arithmetic: String

  public init(builtFrom commit: String) {
    number = Self.currentNumber
    self.commit = commit
    arithmetic = Arithmetic.current.id
  }

  /// `holstream 0.2.0 (1a2b3c4d5e6f, x86-64-v4/SkylakeX/0.3.21)`.
  public var description: String { "holstream \(number) (\(commit), \(arithmetic))" }
}
