internal import Streams
internal import Synchronization
internal import Transports

/// What the side that offers work sees of the transport and of the workers there, and says of it, each thing once.
final class WorkerLookout: Sendable {
  private struct State {
    var isUnreachable = false
    var complaints: Set<String> = []
    var nextLook = ContinuousClock.now
    var hasSeenWorkers = false
  }

  private let transport: any Transport
  private let queue: WorkQueue
  private let events: EventHub
  private let roster: WorkerRoster
  private let begun = ContinuousClock.now
  private let state = Mutex(State())

  init(_ transport: any Transport, _ queue: WorkQueue, events: EventHub, roster: WorkerRoster) {
    self.transport = transport
    self.queue = queue
    self.events = events
    self.roster = roster
  }

  /// Says something once.
  func complain(_ words: String) {
    if state.withLock({ $0.complaints.count < 1000 && $0.complaints.insert(words).inserted }) {
      events.send(.message(words))
    }
  }

  /// The transport was there.
  func reached() {
    let wasAway = state.withLock { state in
      defer { state.isUnreachable = false }
      return state.isUnreachable
    }
    if wasAway { events.send(.message("\(transport.address) is there again")) }
  }

  /// The transport was not there; said until it is there again once.
  func missed(_ words: String) {
    let isNew = state.withLock { state in
      defer { state.isUnreachable = true }
      return !state.isUnreachable
    }
    if isNew { events.send(.message(words)) }
  }

  /// Sees who is there, every two seconds.
  /// - Parameter isWaiting: Whether there is work that nobody may have come for.
  /// - Returns: How many are alive; nil between two looks.
  func meet(isWaiting: Bool) throws -> Int? {
    let now = ContinuousClock.now
    guard
      state.withLock({ state in
        guard now >= state.nextLook else { return false }
        state.nextLook = now + .seconds(2)
        return true
      })
    else { return nil }
    var seen: [SeenWorker] = []
    for note in try transport.notes(on: queue) {
      guard let presence = WorkerPresence.read(note.message) else { continue }
      if note.age > WorkerPresence.forgotten {
        try transport.erase(note.name, on: queue)
        continue
      }
      seen.append(SeenWorker(role: queue.rawValue, presence: presence, isLost: note.age > WorkerPresence.lost))
    }
    roster.update(seen, events)
    let alive = seen.count { !$0.isLost }
    let nobody = state.withLock { state in
      state.hasSeenWorkers = state.hasSeenWorkers || alive > 0
      return !state.hasSeenWorkers && isWaiting && now - begun > .seconds(20)
    }
    if nobody {
      complain(
        "Nobody has come to \(transport.address) to \(queue.rawValue) yet; start `holstream worker --\(queue.rawValue) "
          + "\(transport.address)` on as many machines as you like")
    }
    return alive
  }
}
