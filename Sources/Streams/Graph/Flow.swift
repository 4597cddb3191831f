internal import Synchronization

/// A split point: what one node gives, to as many readers as ask before the graph runs.
public final class Flow<Element: Sendable>: Sendable {
  public let name: String
  private let edges = Mutex<[Edge<Element>]>([])

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
    edges.withLock { $0.append(edge) }
    return Inlet(edge: edge, origin: name, delivery: word)
  }

  /// Whether every reader that there was has gone.
  var isAbandoned: Bool {
    // Asked before every element: a key path would be built anew each time.
    edges.withLock { edges in !edges.isEmpty && edges.allSatisfy { $0.isClosed } }
  }

  func send(_ element: Element) async throws {
    for edge in edges.withLock({ $0 }) {
      // Without suspending, as long as there is room.
      if case .full = edge.post(element) { try await edge.send(element) }
    }
  }

  /// Waits until every lossless reader has done with all that was sent.
  /// - Returns: Whether all have; not when one went away over it, or the task was cancelled.
  func settle() async -> Bool {
    var isSettled = true
    for edge in edges.withLock({ $0 }) { isSettled = await edge.settle() && isSettled }
    return isSettled
  }

  func finish() {
    for edge in edges.withLock({ $0 }) { edge.finish() }
  }
}
