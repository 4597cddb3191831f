internal import Synchronization

/// A bounded channel from one node to another that measures its own waiting.
///
/// Sending suspends while the buffer is full (`lossless`) or replaces what waits (`latest`). A sender or receiver whose
/// task is cancelled stops waiting; the elements in the buffer stay.
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

  private let guarded: Mutex<Guarded>

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
    let (outcome, receivers) = guarded.withLock {
      guarded -> (EdgeState<Element>.Sent, [CheckedContinuation<Void, Never>]) in
      let outcome = guarded.state.send(element)
      if case .full = outcome { return (outcome, []) }
      defer { guarded.receivers = [] }
      return (outcome, guarded.receivers)
    }
    for receiver in receivers { receiver.resume() }
    return outcome
  }

  /// The next element, waiting for one; nil at the end, and when the task is cancelled.
  func next() async -> Element? {
    while true {
      let (outcome, senders) = guarded.withLock {
        guarded -> (EdgeState<Element>.Received, [CheckedContinuation<Void, Never>]) in
        let outcome = guarded.state.receive()
        guard case .element = outcome else {
          // Who asks for the next element has done with the one before.
          defer { guarded.settlers = [] }
          return (outcome, guarded.settlers)
        }
        defer { guarded.senders = [] }
        return (outcome, guarded.senders)
      }
      for sender in senders { sender.resume() }
      switch outcome {
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
    wake(.receiver) { $0.finish() }
  }

  /// The receiver wants no more; a waiting sender goes on.
  func close() {
    wake(.sender) { $0.close() }
    wake(.settler) { _ in }
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
        wake(.settler) { _ in }
      }
    }
  }

  /// Whether the receiver has gone.
  var isClosed: Bool { guarded.withLock { $0.state.isClosed } }

  /// The counters now; time blocked and starved includes a wait in progress.
  func counters() -> EdgeCounters {
    guarded.withLock { guarded in
      let now = ContinuousClock.now
      return EdgeCounters(
        depth: guarded.state.elements.count, capacity: guarded.state.capacity, sent: guarded.state.sent,
        received: guarded.state.received, dropped: guarded.state.dropped,
        secondsBlocked: (guarded.blocked + (guarded.blockedSince.map { now - $0 } ?? .zero)) / .seconds(1),
        secondsStarved: (guarded.starved + (guarded.starvedSince.map { now - $0 } ?? .zero)) / .seconds(1))
    }
  }

  private func waitForRoom() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = guarded.withLock { guarded -> Bool in
          let full = guarded.state.elements.count >= guarded.state.capacity && !guarded.state.isClosed
          guard full, !Task.isCancelled else { return true }
          guarded.blockedSince = guarded.blockedSince ?? .now
          guarded.senders.append(continuation)
          return false
        }
        if ready { continuation.resume() }
      }
    } onCancel: {
      wake(.sender) { _ in }
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
          guard guarded.state.elements.isEmpty, !guarded.state.isFinished, !Task.isCancelled else { return true }
          guarded.starvedSince = guarded.starvedSince ?? .now
          guarded.receivers.append(continuation)
          return false
        }
        if ready { continuation.resume() }
      }
    } onCancel: {
      wake(.receiver) { _ in }
    }
    guarded.withLock { guarded in
      if let since = guarded.starvedSince { guarded.starved += .now - since }
      guarded.starvedSince = nil
    }
  }

  private enum Waiter { case sender, receiver, settler }

  private func wake(_ waiter: Waiter, _ change: (inout EdgeState<Element>) -> Void) {
    let continuations = guarded.withLock { guarded -> [CheckedContinuation<Void, Never>] in
      change(&guarded.state)
      switch waiter {
      case .sender:
        defer { guarded.senders = [] }
        return guarded.senders
      case .receiver:
        defer { guarded.receivers = [] }
        return guarded.receivers
      case .settler:
        defer { guarded.settlers = [] }
        return guarded.settlers
      }
    }
    for continuation in continuations { continuation.resume() }
  }
}
