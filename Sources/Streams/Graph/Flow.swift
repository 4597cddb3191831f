internal import Synchronization

/// A split point: what one node gives, to as many readers as ask before the graph runs, and to taps while it does.
public final class Flow<Element: Sendable>: Sendable {
  public let name: String
  private let readers = Mutex(FlowReaders())
  private let isFinished = Atomic(false)
  private let ends = EdgeEnds()

  init(name: String) { self.name = name }

  /// Every element, in order; when `buffer` elements wait, the source waits too.
  public func lossless(buffer: Int) -> Inlet<Element> {
    precondition(buffer >= 1, "a lossless edge needs room for an element, got \(buffer)")
    return inlet(.lossless(buffer: buffer), "lossless")
  }

  /// The newest element whenever the reader is ready; never slows the source.
  public func latest() -> Inlet<Element> { inlet(.latest, "latest") }

  private func inlet(_ delivery: EdgeDelivery, _ word: String) -> Inlet<Element> {
    let edge = Edge<Element>(delivery, of: ends)
    readers.withLock { $0 = $0.adding(edge: edge) }
    return Inlet(edge: edge, origin: name, delivery: word)
  }

  /// A reader of what passes from now on.
  public func tap() -> Tap<Element> {
    let edge = Edge<Element>(.latest)
    readers.withLock { $0 = $0.adding(tap: edge) }
    if isFinished.load(ordering: .sequentiallyConsistent) { edge.finish() }
    return Tap(edge) { [weak self] in self?.readers.withLock { $0 = $0.removing(tap: edge) } }
  }

  /// Whether every reader that there was has gone.
  var isAbandoned: Bool { ends.areAllGone }

  func send(_ element: Element) async throws {
    let readers = self.readers.withLock { $0 }
    for tap in readers.taps { unsafeDowncast(tap, to: Edge<Element>.self).post(element) }
    for reader in readers.edges {
      let edge = unsafeDowncast(reader, to: Edge<Element>.self)
      // Without suspending, as long as there is room.
      if case .full = edge.post(element) { try await edge.send(element) }
    }
  }

  /// Waits until every lossless reader has done with all that was sent.
  /// - Returns: Whether all have; not when one went away over it, or the task was cancelled.
  func settle() async -> Bool {
    var isSettled = true
    for reader in readers.withLock({ $0.edges }) {
      isSettled = await unsafeDowncast(reader, to: Edge<Element>.self).settle() && isSettled
    }
    return isSettled
  }

  func finish() {
    isFinished.store(true, ordering: .sequentiallyConsistent)
    let readers = self.readers.withLock { $0 }
    for edge in readers.edges + readers.taps { unsafeDowncast(edge, to: Edge<Element>.self).finish() }
  }
}
