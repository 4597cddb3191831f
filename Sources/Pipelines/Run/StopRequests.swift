/// What the signals of one program ask for: the first for a clean stop, a later one for the end at once.
///
/// A terminal that is closed, and programs such as `timeout`, send their signal twice: to the process and to its group.
/// What comes within a second of the first says the same again.
public struct StopRequests: Sendable {
  public enum Action: Sendable, Equatable { case stop, nothing, end }

  private var first: ContinuousClock.Instant?

  public init() {}

  /// - Returns: What a signal that comes at this instant asks for.
  public mutating func take(at now: ContinuousClock.Instant) -> Action {
    guard let first else {
      self.first = now
      return .stop
    }
    return now - first < .seconds(1) ? .nothing : .end
  }
}
