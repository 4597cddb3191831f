internal import Synchronization

/// Passes run events to any number of watchers, who may come late: a bounded history is kept for them.
///
/// A watcher that does not keep up loses the oldest of what waits for it; it never slows the run.
public final class EventHub: Sendable {
  private struct State {
    var history: [String: [RunEvent]] = [:]
    var watchers: [Int: AsyncStream<RunEvent>.Continuation] = [:]
    var nextWatcher = 0
    var isFinished = false
  }
  private let state = Mutex(State())
  private let historyLength: Int

  /// - Parameter historyLength: How many events of each topic a late watcher is given.
  public init(historyLength: Int = 2000) { self.historyLength = historyLength }

  public func send(_ event: RunEvent) {
    let watchers = state.withLock { state in
      let keep = ["graph", "rollout", "climate"].contains(event.topic) ? 1 : historyLength
      var kept = state.history[event.topic, default: []]
      kept.append(event)
      if kept.count > keep + keep / 4 { kept.removeFirst(kept.count - keep) }
      state.history[event.topic] = kept
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield(event) }
  }

  /// Everything that is remembered, in order within each topic.
  public var history: [RunEvent] {
    state.withLock { state in state.history.keys.sorted().flatMap { state.history[$0] ?? [] } }
  }

  /// The remembered events, then the live ones until `finish`.
  public func events() -> AsyncStream<RunEvent> {
    AsyncStream(bufferingPolicy: .bufferingNewest(historyLength * 4)) { continuation in
      let number = state.withLock { state -> Int? in
        for topic in state.history.keys.sorted() {
          for event in state.history[topic] ?? [] { continuation.yield(event) }
        }
        if state.isFinished { return nil }
        state.nextWatcher += 1
        state.watchers[state.nextWatcher] = continuation
        return state.nextWatcher
      }
      guard let number else { return continuation.finish() }
      continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.watchers[number] = nil } }
    }
  }

  /// Ends every watcher's stream.
  public func finish() {
    let watchers = state.withLock { state in
      state.isFinished = true
      defer { state.watchers = [:] }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.finish() }
  }
}
