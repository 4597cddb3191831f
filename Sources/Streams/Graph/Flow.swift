internal import Synchronization

/// A split point: what one node gives, to as many readers as ask before the graph runs, and to taps while it does.
public final class Flow<Element: Sendable>: Sendable {
  private struct Readers {
    var edges: [Edge<Element>] = []
    var taps: [Edge<Element>] = []
    var isFinished = false
  }

  public let name: String
  private let readers = Mutex(Readers())

  init(name: String) { self.name = name }

  /// Every element, in order; when `buffer` elements wait, the source waits too.
  public func lossless(buffer: Int) -> Inlet<Element> {
    precondition(buffer >= 1, "a lossless edge needs room for an element, got \(buffer)")
    return inlet(.lossless(buffer: buffer), "lossless")
  }

  /// The newest element whenever the reader is ready; never slows the source.
  public func latest() -> Inlet<Element> { inlet(.latest, "latest") }

  private func inlet(_ delivery: EdgeState<Element>.Delivery, _ word: String) -> Inlet<Element> {
    let edge = Edge<Element>(delivery)
    readers.withLock { $0.edges.append(edge) }
    return Inlet(edge: edge, origin: name, delivery: word)
  }

  /// A reader of what passes from now on.
  public func tap() -> Tap<Element> {
    let edge = Edge<Element>(.latest)
    let isFinished = readers.withLock { readers in
      if !readers.isFinished { readers.taps.append(edge) }
      return readers.isFinished
    }
    if isFinished { edge.finish() }
    return Tap(edge) { [weak self] in self?.readers.withLock { $0.taps.removeAll { $0 === edge } } }
  }

  /// Whether every reader that there was has gone.
  var isAbandoned: Bool {
    // Asked before every element: a key path would be built anew each time.
    readers.withLock { readers in !readers.edges.isEmpty && readers.edges.allSatisfy { $0.isClosed } }
  }

  func send(_ element: Element) async throws {
    // No tuple through the lock: its type would be looked up at every element.
    var edges: [Edge<Element>] = []
    var taps: [Edge<Element>] = []
    readers.withLock { readers in
      edges = readers.edges
      taps = readers.taps
    }
    for tap in taps { tap.post(element) }
    for edge in edges {
      // Without suspending, as long as there is room.
      if case .full = edge.post(element) { try await edge.send(element) }
    }
  }

  /// Waits until every lossless reader has done with all that was sent.
  /// - Returns: Whether all have; not when one went away over it, or the task was cancelled.
  func settle() async -> Bool {
    var isSettled = true
    for edge in readers.withLock({ $0.edges }) { isSettled = await edge.settle() && isSettled }
    return isSettled
  }

  func finish() {
    let all = readers.withLock { readers in
      readers.isFinished = true
      return readers.edges + readers.taps
    }
    for edge in all { edge.finish() }
  }
}
