internal import DequeModule

/// What an edge between two nodes does, as a pure value: the shell around it (`Edge`) only waits and wakes.
struct EdgeState<Element> {
  enum Delivery: Equatable {
    /// Every element in order; a full buffer makes the sender wait.
    case lossless(buffer: Int)
    /// The newest element only.
    case latest
  }

  enum Sent { case accepted, full, closed }
  enum Received {
    case element(Element)
    case empty, finished
  }

  let delivery: Delivery
  private(set) var elements: Deque<Element> = []
  private(set) var isFinished = false
  private(set) var isClosed = false
  private(set) var sent = 0
  private(set) var received = 0
  private(set) var dropped = 0
  /// Whether the receiver has an element in its hands: it has not asked for the next one since.
  private(set) var isWorking = false
  /// Whether the receiver went away over an element, or from elements that waited.
  private(set) var isAbandoned = false

  init(_ delivery: Delivery) { self.delivery = delivery }

  var capacity: Int { if case .lossless(let buffer) = delivery { buffer } else { 1 } }

  mutating func send(_ element: Element) -> Sent {
    if isClosed {
      dropped += 1
      return .closed
    }
    switch delivery {
    case .lossless(let buffer):
      guard elements.count < buffer else { return .full }
    case .latest:
      dropped += elements.count
      elements.removeAll()
    }
    elements.append(element)
    sent += 1
    return .accepted
  }

  mutating func receive() -> Received {
    if let element = elements.popFirst() {
      received += 1
      isWorking = true
      return .element(element)
    }
    isWorking = false
    return isFinished ? .finished : .empty
  }

  /// Whether the receiver has done with all that was sent; nil when it still may. Of `latest` nobody is to know.
  var isSettled: Bool? {
    if case .latest = delivery { return true }
    if isClosed { return !isAbandoned }
    return elements.isEmpty && !isWorking ? true : nil
  }

  /// The sender has no more.
  mutating func finish() { isFinished = true }

  /// The receiver wants no more: what still comes is dropped and never makes the sender wait.
  mutating func close() {
    isAbandoned = isAbandoned || isWorking || !elements.isEmpty
    isClosed = true
    dropped += elements.count
    elements.removeAll()
  }
}
