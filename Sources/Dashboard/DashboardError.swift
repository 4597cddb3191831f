/// Why the page cannot be served.
public struct DashboardError: Error, CustomStringConvertible, Equatable {
  public enum Code: Sendable { case tokenMissing, malformedAddress, noFreePort }

  public let code: Code
  /// What went wrong, and the remedy.
  public let message: String
  public var description: String { message }
}
