internal import Synchronization

/// The wish that a run end: sources look at it, everything behind them drains.
public final class StopSignal: Sendable {
  private struct State {
    var isRequested = false
    var handlers: [@Sendable () -> Void] = []
  }
  private let state = Mutex(State())
  private let hasBeenRequested = Atomic(false)

  public init() {}

  public var isRequested: Bool { hasBeenRequested.load(ordering: .acquiring) }

  /// Asks for the end; handlers run once, on this thread.
  public func request() {
    let handlers = state.withLock { state in
      state.isRequested = true
      hasBeenRequested.store(true, ordering: .releasing)
      defer { state.handlers = [] }
      return state.handlers
    }
    for handler in handlers { handler() }
  }

  /// Calls `handler` when the end is asked for; at once when it was already.
  public func onRequest(_ handler: @escaping @Sendable () -> Void) {
    let isRequested = state.withLock { state in
      if !state.isRequested { state.handlers.append(handler) }
      return state.isRequested
    }
    if isRequested { handler() }
  }
}
