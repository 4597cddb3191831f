internal import Synchronization

/// A bounded channel from one node to another that measures its own waiting.
///
/// Sending suspends while the buffer is full (`lossless`) or replaces what waits (`latest`). A sender or receiver whose
/// task is cancelled stops waiting; the elements in the buffer stay.
///
/// The sender's side and the receiver's have a lock each and share no more than two numbers, of the elements that were put
/// in and taken out; each looks at the other's only when by its last look there is nothing left to do. Where both locks are
/// taken, the receiver's is first. What is not known by its type alone (elements) lies in the ring, so that nothing that
/// is done for each element depends on the type: looking such types up took most of an element's time.
final class Edge<Element: Sendable>: Sendable {
  let delivery: EdgeDelivery
  /// The sender writes places from `tail` on and holds its lock, the receiver reads from `head` on and holds its own; places
  /// are exchanged, and `latest` replaced, under both.
  private nonisolated(unsafe) var ring: Ring<Element>
  private let sending = Mutex(EdgeSending())
  private let receiving = Mutex(EdgeReceiving())
  /// Number of the first element that was not taken out. Here and in `tail`, together with `senderWaits` and
  /// `receiverWaits` in one order for all: either the sender sees the room that the receiver has made, or the receiver that
  /// the sender waits; and the other way round.
  private let head = Atomic(0)
  private let senderWaits = Atomic(false)
  private let receiverWaits = Atomic(false)
  private let isFinished = Atomic(false)
  private let hasGone = Atomic(false)
  /// Number of the element that is put in next.
  private let tail = Atomic(0)
  /// Those that lead from the same flow.
  private let ends: EdgeEnds?

  init(_ delivery: EdgeDelivery, of ends: EdgeEnds? = nil) {
    self.delivery = delivery
    self.ends = ends
    ends?.add()
    // Large buffers get their memory when it is needed.
    var places = 1
    while places < min(delivery.capacity, 16) { places *= 2 }
    ring = Ring(places: places)
  }

  deinit {
    ring.destroy(head.load(ordering: .acquiring)..<tail.load(ordering: .acquiring))
    ring.deallocate()
  }

  // MARK: - The sender's side

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
  func post(_ element: Element) -> EdgeOutcome {
    var outcome = EdgeOutcome.full
    switch delivery {
    case .latest: outcome = replace(element)
    case .lossless(let buffer):
      var isShort = false
      repeat {
        if isShort { grow() }
        sending.withLock { side in
          outcome = put(element, buffer, &side)
          isShort = outcome == .full && side.tail - side.head < buffer
        }
      } while isShort
    }
    if outcome == .accepted, receiverWaits.load(ordering: .sequentiallyConsistent) { wakeReceivers() }
    return outcome
  }

  private func put(_ element: Element, _ buffer: Int, _ side: inout EdgeSending) -> EdgeOutcome {
    if side.isClosed {
      side.dropped += 1
      return .closed
    }
    let places = min(buffer, ring.places)
    if side.tail - side.head >= places {
      side.head = head.load(ordering: .sequentiallyConsistent)
      if side.tail - side.head >= places { return .full }
    }
    ring.put(element, at: side.tail)
    side.tail += 1
    side.sent += 1
    tail.store(side.tail, ordering: .sequentiallyConsistent)
    return .accepted
  }

  private func replace(_ element: Element) -> EdgeOutcome {
    var outcome = EdgeOutcome.accepted
    receiving.withLock { receiver in
      sending.withLock { side in
        if side.isClosed {
          side.dropped += 1
          outcome = .closed
          return
        }
        side.sent += 1
        if side.tail > receiver.head {
          ring.replace(element, at: receiver.head)
          side.dropped += 1
        } else {
          ring.put(element, at: side.tail)
          side.tail += 1
          tail.store(side.tail, ordering: .sequentiallyConsistent)
        }
      }
    }
    return outcome
  }

  private func grow() {
    receiving.withLock { receiver in
      sending.withLock { side in
        // Another sender, or the receiver, may have been faster.
        guard side.tail - receiver.head >= ring.places, ring.places < delivery.capacity else { return }
        ring.grow(keeping: receiver.head..<side.tail)
      }
    }
  }

  private func waitForRoom() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = sending.withLock { side -> Bool in
          senderWaits.store(true, ordering: .sequentiallyConsistent)
          let waiting = side.tail - head.load(ordering: .sequentiallyConsistent)
          guard waiting >= delivery.capacity, !side.isClosed, !Task.isCancelled else { return true }
          side.wait.begin(continuation)
          return false
        }
        if ready { continuation.resume() }
      }
    } onCancel: {
      for sender in sending.withLock({ $0.wait.takeAll() }) { sender.resume() }
    }
    sending.withLock { $0.wait.end() }
  }

  /// The sender has no more.
  func finish() {
    isFinished.store(true, ordering: .sequentiallyConsistent)
    wakeReceivers()
  }

  private func wakeReceivers() {
    let receivers = receiving.withLock { side in
      receiverWaits.store(false, ordering: .sequentiallyConsistent)
      return side.wait.takeAll()
    }
    for receiver in receivers { receiver.resume() }
  }

  /// Waits until the receiver has done with all that was sent: it asks for more.
  /// - Returns: Whether it has; not when it went away over it, or the task was cancelled.
  func settle() async -> Bool {
    while true {
      if let answer = receiving.withLock({ isSettled($0) }) { return answer }
      if Task.isCancelled { return false }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let ready = receiving.withLock { side -> Bool in
            guard isSettled(side) == nil, !Task.isCancelled else { return true }
            side.settlers.append(continuation)
            return false
          }
          if ready { continuation.resume() }
        }
      } onCancel: {
        for settler in receiving.withLock({ $0.takeSettlers() }) { settler.resume() }
      }
    }
  }

  /// Whether the receiver has done with all that was sent; nil when it still may. Of `latest` nobody is to know.
  var isSettled: Bool? { receiving.withLock { isSettled($0) } }

  private func isSettled(_ side: EdgeReceiving) -> Bool? {
    if delivery == .latest { return true }
    if hasGone.load(ordering: .acquiring) { return !side.isAbandoned }
    return side.head == tail.load(ordering: .sequentiallyConsistent) && !side.isWorking ? true : nil
  }

  // MARK: - The receiver's side

  /// The next element without waiting; nil if there is none now.
  func take() -> Element? {
    var settlers: [CheckedContinuation<Void, Never>] = []
    let element: Element? = receiving.withLock { side in
      if side.head == side.tail {
        side.tail = tail.load(ordering: .sequentiallyConsistent)
        if side.head == side.tail {
          // Who asks for more and finds nothing has done with everything.
          side.isWorking = false
          if !side.settlers.isEmpty { settlers = side.takeSettlers() }
          return nil
        }
      }
      let element = ring.take(at: side.head)
      side.isWorking = true
      side.head += 1
      side.received += 1
      head.store(side.head, ordering: .sequentiallyConsistent)
      return element
    }
    if senderWaits.load(ordering: .sequentiallyConsistent) { wakeSenders() }
    for settler in settlers { settler.resume() }
    return element
  }

  private func wakeSenders() {
    let senders = sending.withLock { side -> [CheckedContinuation<Void, Never>] in
      let room = delivery.capacity - (side.tail - head.load(ordering: .sequentiallyConsistent))
      guard room >= delivery.roomToWakeFor else { return [] }
      senderWaits.store(false, ordering: .sequentiallyConsistent)
      return side.wait.takeAll()
    }
    for sender in senders { sender.resume() }
  }

  /// The next element, waiting for one; nil at the end, and when the task is cancelled.
  func next() async -> Element? {
    while true {
      // Asked first, so that what was sent before the end is not missed.
      let isLast = isFinished.load(ordering: .sequentiallyConsistent)
      if let element = take() { return element }
      if isLast || Task.isCancelled { return nil }
      await waitForElement()
    }
  }

  private func waitForElement() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = receiving.withLock { side -> Bool in
          receiverWaits.store(true, ordering: .sequentiallyConsistent)
          let isEmpty = side.head == tail.load(ordering: .sequentiallyConsistent)
          guard isEmpty, !isFinished.load(ordering: .sequentiallyConsistent), !Task.isCancelled else { return true }
          side.wait.begin(continuation)
          return false
        }
        if ready { continuation.resume() }
      }
    } onCancel: {
      for receiver in receiving.withLock({ $0.wait.takeAll() }) { receiver.resume() }
    }
    receiving.withLock { $0.wait.end() }
  }

  /// The receiver wants no more: what still comes is dropped, and a waiting sender goes on.
  func close() {
    let waiting = receiving.withLock { receiver in
      sending.withLock { side in
        let left = receiver.head..<side.tail
        receiver.isAbandoned = receiver.isAbandoned || receiver.isWorking || !left.isEmpty
        side.isClosed = true
        side.dropped += left.count
        ring.destroy(left)
        receiver.head = side.tail
        receiver.tail = side.tail
        head.store(side.tail, ordering: .sequentiallyConsistent)
        if !hasGone.exchange(true, ordering: .sequentiallyConsistent) { ends?.remove() }
        return side.wait.takeAll() + receiver.takeSettlers()
      }
    }
    for one in waiting { one.resume() }
  }

  /// Whether the receiver has gone.
  var isClosed: Bool { hasGone.load(ordering: .acquiring) }

  // MARK: - Both

  /// The counters now; time blocked and starved includes a wait in progress.
  func counters() -> EdgeCounters {
    receiving.withLock { receiver in
      sending.withLock { side in
        let now = ContinuousClock.now
        return EdgeCounters(
          depth: side.tail - receiver.head, capacity: delivery.capacity, sent: side.sent, received: receiver.received,
          dropped: side.dropped, secondsBlocked: side.wait.total(at: now) / .seconds(1),
          secondsStarved: receiver.wait.total(at: now) / .seconds(1))
      }
    }
  }
}
