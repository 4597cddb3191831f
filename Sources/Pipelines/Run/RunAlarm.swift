internal import Synchronization

/// Why a run was told to stop by one of its own thresholds: the run ends cleanly, and then says so.
final class RunAlarm: Sendable {
  private let first = Mutex<String?>(nil)

  /// The first reason that was given.
  var reason: String? { first.withLock { $0 } }

  func raise(_ reason: String) { first.withLock { $0 = $0 ?? reason } }
}
