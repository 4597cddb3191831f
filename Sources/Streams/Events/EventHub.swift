internal import Foundation
internal import Synchronization

/// Passes run events to any number of watchers, who may come late: a bounded history is kept for them.
///
/// A watcher that does not keep up loses the oldest of what waits for it; it never slows the run.
public final class EventHub: Sendable {
  private struct State {
    /// By topic; never empty.
    var history: [RunEvent.Topic: [ToldEvent]] = [:]
    /// Topics in the order in which they first came.
    var topics: [RunEvent.Topic] = []
    var last = 0
    var watchers: [Int: AsyncStream<RunEvent>.Continuation] = [:]
    var nextWatcher = 0
    var isFinished = false
  }
  private let state = Mutex(State())
  private let historyLength: Int
  private let mostTopics: Int
  private let clock: @Sendable () -> Double?

  /// - Parameters:
  ///   - historyLength: How many events of each topic a late watcher is given.
  ///   - mostTopics: How many charts and tables are remembered; beyond, the one that was silent longest is forgotten.
  ///   - clock: Seconds since 1970, nil where nobody knows; the system's clock when left out.
  public init(
    historyLength: Int = 1000, mostTopics: Int = 512,
    clock: (@Sendable () -> Double?)? = nil
  ) {
    self.clock = clock ?? { Date().timeIntervalSince1970 }
    self.historyLength = historyLength
    self.mostTopics = mostTopics
  }

  public func send(_ event: RunEvent) {
    let now = clock()
    let watchers = state.withLock { state in
      state.last += 1
      let topic = event.topic
      var kept = state.history.removeValue(forKey: topic) ?? []
      if kept.isEmpty {
        if state.topics.count >= mostTopics { Self.forget(&state) }
        state.topics.append(topic)
      }
      Self.remember(ToldEvent(number: state.last, event: event, time: now), in: &kept, most: historyLength)
      state.history[topic] = kept
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield(event) }
  }

  private static func forget(_ state: inout State) {
    guard let silent = state.history.min(by: { $0.value.last!.number < $1.value.last!.number })?.key else { return }
    state.history[silent] = nil
    state.topics.removeAll { $0 == silent }
  }

  /// Of snapshots the newest is kept; of points the whole run, the older the sparser; of rows and messages the newest.
  private static func remember(_ told: ToldEvent, in kept: inout [ToldEvent], most: Int) {
    switch told.event {
    case .graph, .curves, .image, .progress, .about: kept = [told]
    case .point(let chart, _, _):
      if case .point(let before, _, _) = kept.last?.event, before.subject != chart.subject { kept = [] }
      kept.append(told)
      if kept.count > most {
        kept = kept.enumerated().filter { $0.offset % 2 == 0 || $0.offset > most * 3 / 4 }.map(\.element)
      }
    case .row, .message:
      kept.append(told)
      if kept.count > most { kept.removeFirst(max(1, most / 4)) }
    }
  }

  /// Everything that is remembered, in order within each topic; topics in the order in which they first came.
  public var history: [RunEvent] {
    state.withLock { state in state.topics.flatMap { (state.history[$0] ?? []).map(\.event) } }
  }

  /// The newest `count` events of each topic, in order within each; topics in the order in which they first came.
  public func newest(_ count: Int = 1) -> [RunEvent] {
    state.withLock { state in state.topics.flatMap { (state.history[$0] ?? []).suffix(count).map(\.event) } }
  }

  /// What is remembered of the events after a number, in the order in which they were sent: for watchers who come by now
  /// and then. They cost the run nothing in between, and see of each snapshot only the newest.
  public func told(after number: Int = 0) -> [ToldEvent] {
    let parts = state.withLock { state in
      guard state.last > number else { return [ArraySlice<ToldEvent>]() }
      return state.topics.map { topic in
        let kept = state.history[topic] ?? []
        return kept[((kept.lastIndex { $0.number <= number } ?? -1) + 1)...]
      }
    }
    return parts.joined().sorted { $0.number < $1.number }
  }

  public var isFinished: Bool { state.withLock { $0.isFinished } }

  /// The remembered events, then the live ones until `finish`.
  public func events() -> AsyncStream<RunEvent> {
    AsyncStream(bufferingPolicy: .bufferingNewest(historyLength * 4)) { continuation in
      let number = state.withLock { state -> Int? in
        for topic in state.topics {
          for told in state.history[topic] ?? [] { continuation.yield(told.event) }
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
