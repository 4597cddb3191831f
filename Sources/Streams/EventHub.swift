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
      var kept = state.history.removeValue(forKey: event.topic) ?? []
      Self.remember(event, in: &kept, most: historyLength)
      state.history[event.topic] = kept
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield(event) }
  }

  /// Of snapshots the newest is kept; of curves the whole run, the older the sparser; of rows and messages the newest.
  private static func remember(_ event: RunEvent, in kept: inout [RunEvent], most: Int) {
    switch event {
    case .graph, .rollout, .climate: kept = [event]
    case .training, .frame:
      kept.append(event)
      if kept.count > most {
        kept = kept.enumerated().filter { $0.offset % 2 == 0 || $0.offset > most * 3 / 4 }.map(\.element)
      }
    case .verdict, .message:
      kept.append(event)
      if kept.count > most { kept.removeFirst(max(1, most / 4)) }
    }
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
