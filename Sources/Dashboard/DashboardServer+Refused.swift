extension DashboardServer {
  /// Why the page is not served as asked.
  public struct Refused: Error, CustomStringConvertible, Equatable {
    public enum Code: Sendable { case tokenMissing, malformedAddress }

    public let code: Code
    /// What went wrong, and the remedy.
    public let message: String
    public var description: String { message }
  }
}
