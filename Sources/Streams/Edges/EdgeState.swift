internal import DequeModule

/// What an edge between two nodes does, as a pure value: the shell around it (`Edge`) only waits and wakes.
///
/// The receiver takes everything that waits at once into its hand, and from there one element after the other. What it
/// has in its hand still takes up room.
struct EdgeState<Element> {
  enum Delivery: Equatable {
    /// Every element in order; a full buffer makes the sender wait.
    case lossless(buffer: Int)
    /// The newest element only.
    case latest
  }

  enum Sent { case accepted, full, closed }

  let delivery: Delivery
  private(set) var elements: Deque<Element> = []
  private(set) var isFinished = false
  private(set) var isClosed = false
  private(set) var sent = 0
  private(set) var dropped = 0
  /// Whether the receiver has elements in its hand, or the last of them in use: it has not asked for more since.
  private(set) var isWorking = false
  /// Whether the receiver went away over an element, or from elements that waited.
  private(set) var isAbandoned = false

  init(_ delivery: Delivery) { self.delivery = delivery }

  var capacity: Int { if case .lossless(let buffer) = delivery { buffer } else { 1 } }

  /// Room from which on a sender that waits is woken: not for each place, because waking costs more than sending.
  var roomToWakeFor: Int { max(1, min(capacity / 2, 32)) }

  func room(inHand: Int) -> Int { capacity - elements.count - inHand }

  /// - Parameter inHand: Elements that the receiver has taken out and not used yet.
  mutating func send(_ element: Element, inHand: Int) -> Sent {
    if isClosed {
      dropped += 1
      return .closed
    }
    switch delivery {
    case .lossless:
      guard room(inHand: inHand) > 0 else { return .full }
    case .latest:
      dropped += elements.count
      elements.removeAll(keepingCapacity: true)
    }
    elements.append(element)
    sent += 1
    return .accepted
  }

  /// Puts everything that waits into the receiver's empty hand, whose memory becomes the buffer's.
  mutating func take(into hand: inout Deque<Element>) {
    precondition(hand.isEmpty, "an edge's receiver has not used what it took")
    swap(&hand, &elements)
    isWorking = !hand.isEmpty
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
  /// - Parameter hand: What it had taken.
  mutating func close(_ hand: inout Deque<Element>) {
    isAbandoned = isAbandoned || isWorking || !elements.isEmpty
    isClosed = true
    dropped += elements.count + hand.count
    elements.removeAll()
    hand.removeAll()
  }
}
