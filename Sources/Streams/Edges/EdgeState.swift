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
      return .element(element)
    }
    return isFinished ? .finished : .empty
  }

  /// The sender has no more.
  mutating func finish() { isFinished = true }

  /// The receiver wants no more: what still comes is dropped and never makes the sender wait.
  mutating func close() {
    isClosed = true
    dropped += elements.count
    elements.removeAll()
  }
}
