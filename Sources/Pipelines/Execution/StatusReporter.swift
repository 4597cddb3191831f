internal import Foundation
internal import ServiceLifecycle
internal import Streams

/// Keeps the terminal's status line and the page's graph up to date, from what the run's stages tell.
final class StatusReporter: Service, Sendable {
  private let graph: Graph
  private let events: EventHub
  private let status: TerminalStatus
  private let start: ContinuousClock.Instant
  private let interval: Duration
  /// Told that the run lives, where one started it.
  private let manager: ServiceManager?
  /// Called with every event that was told, and after each look.
  private let keep: @Sendable (RunEvent?) -> Void

  init(
    graph: Graph, events: EventHub, status: TerminalStatus, start: ContinuousClock.Instant,
    interval: Duration = .seconds(1), manager: ServiceManager? = ServiceManager(),
    keep: @escaping @Sendable (RunEvent?) -> Void = { _ in }
  ) {
    self.graph = graph
    self.events = events
    self.status = status
    self.start = start
    self.interval = interval
    self.manager = manager
    self.keep = keep
  }

  func run() async throws {
    var seen = 0
    var words = StatusWords()
    var isStopping = false
    manager?.ready()
    while true {
      // Asked before the look, so that what was told until the end is seen.
      let isLast = Task.isShuttingDownGracefully || Task.isCancelled
      let snapshot = graph.snapshot()
      events.send(.graph(snapshot, bottleneck: snapshot.bottleneck))
      for told in events.told(after: seen) {
        seen = told.number
        keep(told.event)
        if let line = words.take(told.event) { status.print(line) }
      }
      keep(nil)
      if isLast || graph.stop.isRequested, !isStopping {
        isStopping = true
        manager?.stopping()
      }
      manager?.status(words.line(elapsed: .now - start))
      if isLast { return }
      status.update(force: true, words.line(elapsed: .now - start))
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: self.interval) }
    }
  }
}

/// The newest of everything, in words.
struct StatusWords {
  private var progress: RunEvent.Progress?
  private var frames = 0
  private var brief = ""

  /// - Returns: What is to be printed of the event.
  mutating func take(_ event: RunEvent) -> String? {
    switch event {
    case .progress(let progress): self.progress = progress
    case .graph(let graph, _): frames = graph.edges.map(\.counters.sent).max() ?? 0
    case .row(let row):
      if !row.brief.isEmpty { brief = row.brief }
      return row.words.isEmpty ? nil : row.words
    case .message(let text): return text
    case .point, .curves, .image, .about: break
    }
    return nil
  }

  /// `12 s  step 40/100  loss 1.000e-03  a row in brief  640 frames  18 s left`.
  func line(elapsed: Duration) -> String {
    let time = TerminalStatus.brief(elapsed)
    guard let progress, progress.total > 0 else { return "\(time)  \(frames) frames" }
    let left = progress.secondsLeft.flatMap { $0 < 1e9 ? "  \(TerminalStatus.brief(.seconds($0))) left" : nil } ?? ""
    return "\(time)  step \(progress.step)/\(progress.total)  loss \(String(format: "%.3e", progress.loss))"
      + (brief.isEmpty ? "" : "  \(brief)") + "  \(frames) frames\(left)"
  }
}
