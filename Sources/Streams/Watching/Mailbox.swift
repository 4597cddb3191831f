internal import Synchronization

/// Where the listening thread leaves word for one watch: that something happened, whether a whole file came into place,
/// and whether events were lost.
final class Mailbox: Sendable {
  private struct Flags {
    var hasLost = false
    var hasLanded = false
  }
  private let events = Edge<Notifications.Event>(.latest)
  /// Kept apart, because a newer event takes the place of an older one that was not yet read.
  private let flags = Mutex(Flags())

  func post(_ event: Notifications.Event) {
    flags.withLock { flags in
      if event == .overflowed { flags.hasLost = true }
      if event == .landed { flags.hasLanded = true }
    }
    events.post(event)
  }

  /// Waits for an event; nil at the end, and when the task is cancelled.
  func next() async -> Notifications.Event? { await events.next() }

  func finish() { events.finish() }

  /// Whether a file was renamed into place since this was asked last.
  func takeLanded() -> Bool {
    flags.withLock { flags in
      defer { flags.hasLanded = false }
      return flags.hasLanded
    }
  }

  /// Whether events were lost since this was asked last.
  func takeLost() -> Bool {
    flags.withLock { flags in
      defer { flags.hasLost = false }
      return flags.hasLost
    }
  }
}
