internal import Foundation
internal import ServiceLifecycle
internal import Streams
internal import Synchronization

/// Keeps the terminal's status line and the page's graph up to date.
final class StatusReporter: Service, Sendable {
  private let graph: Graph
  private let events: EventHub
  private let status: TerminalStatus
  private let start: ContinuousClock.Instant
  private let interval: Duration

  init(
    graph: Graph, events: EventHub, status: TerminalStatus, start: ContinuousClock.Instant,
    interval: Duration = .seconds(1)
  ) {
    self.graph = graph
    self.events = events
    self.status = status
    self.start = start
    self.interval = interval
  }

  func run() async throws {
    let shown = Shown()
    try? await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [events] in for await event in events.events().cancelOnGracefulShutdown() { shown.take(event) } }
      group.addTask { [graph, events, status, start, interval] in
        while !Task.isShuttingDownGracefully {
          let snapshot = graph.snapshot()
          events.send(.graph(snapshot, bottleneck: snapshot.bottleneck))
          for line in shown.newLines() { status.print(line) }
          status.update(force: true, shown.line(elapsed: .now - start))
          try await cancelWhenGracefulShutdown { try await Task.sleep(for: interval) }
        }
      }
      for try await _ in group {}
    }
    for line in shown.newLines() { status.print(line) }
  }

  /// The newest of everything, in words.
  private final class Shown: Sendable {
    private struct State {
      var step = 0, total = 0.0, loss = Double.nan, rate = 0.0, frames = 0
      var verdict: String?
      var lines: [String] = []
      var lastLine: ContinuousClock.Instant?
    }
    private let state = Mutex(State())

    func take(_ event: RunEvent) {
      state.withLock { state in
        switch event {
        case .training(let step, let values):
          state.step = step + 1
          state.total = values["total"] ?? 0
          state.loss = values["loss"] ?? .nan
          state.rate = values["steps per second"] ?? 0
        case .graph(let graph, _): state.frames = graph.edges.map(\.counters.sent).max() ?? 0
        case .verdict(_, let step, let values, _):
          let rho = values["RMSE Δρ"] ?? .nan
          let q = values["RMSE ΔQ"] ?? .nan
          state.verdict = String(format: "Δρ %.1e ΔQ %.1e", rho, q)
          state.lines.append(
            String(
              format: "  step %7d   rollout RMSE Δρ %.2e  ΔQ %.2e   surviving %3.0f %%", step, rho, q,
              100 * (values["survival"] ?? .nan)))
        case .message(let text): state.lines.append(text)
        default: break
        }
      }
    }

    func newLines() -> [String] {
      state.withLock { state in
        defer { state.lines = [] }
        return state.lines
      }
    }

    func line(elapsed: Duration) -> String {
      state.withLock { state in
        guard state.total > 0 else { return "\(TerminalStatus.brief(elapsed))  \(state.frames) frames" }
        let left =
          state.rate > 0
          ? "  \(TerminalStatus.brief(.seconds((state.total - Double(state.step)) / state.rate))) left in this stage's pace"
          : ""
        return
          "\(TerminalStatus.brief(elapsed))  step \(state.step)/\(Int(state.total))  loss \(String(format: "%.3e", state.loss))"
          + (state.verdict.map { "  \($0)" } ?? "") + "  \(state.frames) frames\(left)"
      }
    }
  }
}
