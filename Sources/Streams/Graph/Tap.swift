/// A reader that comes while a graph runs, takes the newest element whenever it is ready, and may go at any time.
///
/// It never slows the flow, and is none of the readers for whose sake a source goes on.
public final class Tap<Element: Sendable>: Sendable {
  private let edge: Edge<Element>
  private let remove: @Sendable () -> Void

  init(_ edge: Edge<Element>, remove: @escaping @Sendable () -> Void) {
    self.edge = edge
    self.remove = remove
  }

  deinit { close() }

  /// The newest element since the last one, waiting for it; nil when the flow has ended, or the task is cancelled.
  public func next() async -> Element? { await edge.next() }

  /// Elements that have passed since it was made, those that were replaced by a newer one before they were taken included.
  public var passed: Int { edge.counters().sent }

  /// Ends it; the flow forgets it.
  public func close() {
    edge.close()
    remove()
  }
}
