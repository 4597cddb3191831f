internal import Streams
import Synchronization

/// Whether the user asked the program to stop: a flag that a signal sets and long loops look at.
public enum Interruption {
  /// The same for who waits.
  static let signal = StopSignal()
  private static let requested = Atomic(false)

  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  public static func request() {
    requested.store(true, ordering: .relaxed)
    signal.request()
  }

  /// - Throws: `RunError.interrupted` once a stop was asked for.
  static func check(_ what: @autoclosure () -> String) throws {
    if isRequested { throw RunError(.interrupted, what()) }
  }
}
