internal import Synchronization

/// Where the listening thread leaves word for one watch: that something happened, and whether events were lost.
final class Mailbox: Sendable {
  private let events = Edge<Notifications.Event>(.latest)
  /// Kept apart, because a newer event takes the place of an older one that was not yet read.
  private let hasLost = Mutex(false)

  func post(_ event: Notifications.Event) {
    if event == .overflowed { hasLost.withLock { $0 = true } }
    events.post(event)
  }

  /// Waits for an event; nil at the end, and when the task is cancelled.
  func next() async -> Notifications.Event? { await events.next() }

  func finish() { events.finish() }

  /// Whether events were lost since this was asked last.
  func takeLost() -> Bool {
    hasLost.withLock { lost in
      defer { lost = false }
      return lost
    }
  }
}
