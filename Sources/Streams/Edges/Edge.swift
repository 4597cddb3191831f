internal import DequeModule
internal import Synchronization

/// A bounded channel from one node to another that measures its own waiting.
///
/// Sending suspends while the buffer is full (`lossless`) or replaces what waits (`latest`). A sender or receiver whose
/// task is cancelled stops waiting; the elements in the buffer stay.
///
/// The sender's side and the receiver's have a lock each, so that neither is in the other's way but when the receiver
/// takes the whole buffer over. Where both are taken, the hand's is first.
final class Edge<Element: Sendable>: Sendable {
  private struct Guarded {
    var state: EdgeState<Element>
    /// All who wait; whoever is woken tries again, so that waking too many does no harm.
    var senders: [CheckedContinuation<Void, Never>] = []
    var receivers: [CheckedContinuation<Void, Never>] = []
    /// Senders that wait for the receiver to have done with everything.
    var settlers: [CheckedContinuation<Void, Never>] = []
    var blocked = Duration.zero
    var blockedSince: ContinuousClock.Instant?
    var starved = Duration.zero
    var starvedSince: ContinuousClock.Instant?
  }

  /// What the receiver has taken over and not given on yet.
  private struct Hand {
    var elements: Deque<Element> = []
    var received = 0
  }

  private let guarded: Mutex<Guarded>
  private let hand = Mutex(Hand())
  /// How many elements are in the hand, for the sender. With `senderWaits` in one order for all: either the sender sees
  /// the room that the receiver has made, or the receiver that the sender waits.
  private let inHand = Atomic(0)
  private let senderWaits = Atomic(false)
  private let hasGone = Atomic(false)

  init(_ delivery: EdgeState<Element>.Delivery) {
    guarded = Mutex(Guarded(state: EdgeState(delivery)))
  }

  /// Hands an element over, waiting for room.
  /// - Throws: `CancellationError` when the task is cancelled while it waits.
  func send(_ element: Element) async throws {
    while case .full = post(element) {
      try Task.checkCancellation()
      await waitForRoom()
    }
  }

  /// Hands an element over without waiting, if there is room.
  @discardableResult
  func post(_ element: Element) -> EdgeState<Element>.Sent {
    // Nothing is returned through the lock: a tuple's type is looked up at every element where Element is not known.
    var outcome = EdgeState<Element>.Sent.full
    var receivers: [CheckedContinuation<Void, Never>] = []
    guarded.withLock { guarded in
      outcome = guarded.state.send(element, inHand: inHand.load(ordering: .sequentiallyConsistent))
      if outcome == .accepted, !guarded.receivers.isEmpty { swap(&receivers, &guarded.receivers) }
    }
    for receiver in receivers { receiver.resume() }
    return outcome
  }

  enum Received {
    case element(Element)
    case empty, finished
  }

  /// The next element without waiting, if there is one.
  func take() -> Received {
    var outcome = Received.empty
    var waiting: [CheckedContinuation<Void, Never>] = []
    hand.withLock { hand in
      if hand.elements.isEmpty {
        guarded.withLock { guarded in
          guarded.state.take(into: &hand.elements)
          inHand.store(hand.elements.count, ordering: .sequentiallyConsistent)
          guard hand.elements.isEmpty else { return }
          // Who asks for more and finds nothing has done with everything.
          swap(&waiting, &guarded.settlers)
          if guarded.state.isFinished { outcome = .finished }
        }
        if hand.elements.isEmpty { return }
      }
      outcome = .element(hand.elements.removeFirst())
      hand.received += 1
      inHand.store(hand.elements.count, ordering: .sequentiallyConsistent)
      if senderWaits.load(ordering: .sequentiallyConsistent) { waiting = sendersToWake(inHand: hand.elements.count) }
    }
    for one in waiting { one.resume() }
    return outcome
  }

  private func sendersToWake(inHand count: Int) -> [CheckedContinuation<Void, Never>] {
    guarded.withLock { guarded in
      guard guarded.state.room(inHand: count) >= guarded.state.roomToWakeFor else { return [] }
      senderWaits.store(false, ordering: .sequentiallyConsistent)
      defer { guarded.senders = [] }
      return guarded.senders
    }
  }

  /// The next element, waiting for one; nil at the end, and when the task is cancelled.
  func next() async -> Element? {
    while true {
      switch take() {
      case .element(let element): return element
      case .finished: return nil
      case .empty:
        if Task.isCancelled { return nil }
        await waitForElement()
      }
    }
  }

  /// The sender has no more.
  func finish() {
    let receivers = guarded.withLock { guarded in
      guarded.state.finish()
      return Self.taken(&guarded.receivers)
    }
    for receiver in receivers { receiver.resume() }
  }

  /// The receiver wants no more; a waiting sender goes on.
  func close() {
    let senders = hand.withLock { hand in
      guarded.withLock { guarded in
        guarded.state.close(&hand.elements)
        inHand.store(0, ordering: .sequentiallyConsistent)
        hasGone.store(true, ordering: .releasing)
        return Self.taken(&guarded.senders) + Self.taken(&guarded.settlers)
      }
    }
    for sender in senders { sender.resume() }
  }

  /// Waits until the receiver has done with all that was sent: it asks for more.
  /// - Returns: Whether it has; not when it went away over it, or the task was cancelled.
  func settle() async -> Bool {
    while true {
      if let answer = guarded.withLock({ $0.state.isSettled }) { return answer }
      if Task.isCancelled { return false }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let ready = guarded.withLock { guarded -> Bool in
            guard guarded.state.isSettled == nil, !Task.isCancelled else { return true }
            guarded.settlers.append(continuation)
            return false
          }
          if ready { continuation.resume() }
        }
      } onCancel: {
        for settler in guarded.withLock({ Self.taken(&$0.settlers) }) { settler.resume() }
      }
    }
  }

  /// Whether the receiver has gone.
  var isClosed: Bool { hasGone.load(ordering: .acquiring) }

  /// The counters now; time blocked and starved includes a wait in progress.
  func counters() -> EdgeCounters {
    hand.withLock { hand in
      guarded.withLock { guarded in
        let now = ContinuousClock.now
        return EdgeCounters(
          depth: guarded.state.elements.count + hand.elements.count, capacity: guarded.state.capacity,
          sent: guarded.state.sent, received: hand.received, dropped: guarded.state.dropped,
          secondsBlocked: (guarded.blocked + (guarded.blockedSince.map { now - $0 } ?? .zero)) / .seconds(1),
          secondsStarved: (guarded.starved + (guarded.starvedSince.map { now - $0 } ?? .zero)) / .seconds(1))
      }
    }
  }

  private func waitForRoom() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = guarded.withLock { guarded -> Bool in
          senderWaits.store(true, ordering: .sequentiallyConsistent)
          let room = guarded.state.room(inHand: inHand.load(ordering: .sequentiallyConsistent))
          guard room <= 0, !guarded.state.isClosed, !Task.isCancelled else { return true }
          guarded.blockedSince = guarded.blockedSince ?? .now
          guarded.senders.append(continuation)
          return false
        }
        if ready { continuation.resume() }
      }
    } onCancel: {
      for sender in guarded.withLock({ Self.taken(&$0.senders) }) { sender.resume() }
    }
    guarded.withLock { guarded in
      if let since = guarded.blockedSince { guarded.blocked += .now - since }
      guarded.blockedSince = nil
    }
  }

  private func waitForElement() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = guarded.withLock { guarded -> Bool in
          // What another task that reads here has in the common hand is there for this one, too.
          let isEmpty = guarded.state.elements.isEmpty && inHand.load(ordering: .sequentiallyConsistent) == 0
          guard isEmpty, !guarded.state.isFinished, !Task.isCancelled else { return true }
          guarded.starvedSince = guarded.starvedSince ?? .now
          guarded.receivers.append(continuation)
          return false
        }
        if ready { continuation.resume() }
      }
    } onCancel: {
      for receiver in guarded.withLock({ Self.taken(&$0.receivers) }) { receiver.resume() }
    }
    guarded.withLock { guarded in
      if let since = guarded.starvedSince { guarded.starved += .now - since }
      guarded.starvedSince = nil
    }
  }

  private static func taken(_ waiting: inout [CheckedContinuation<Void, Never>]) -> [CheckedContinuation<Void, Never>] {
    defer { waiting = [] }
    return waiting
  }
}
