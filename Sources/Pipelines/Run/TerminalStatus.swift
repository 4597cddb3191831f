import Foundation
import Synchronization

/// A status line that is rewritten in place on a terminal; where output is no terminal, a line now and then.
///
/// Finished lines are printed above it. Safe to use from any thread.
public final class TerminalStatus: Sendable {
  private struct State {
    var shown = 0
    var lastUpdate: ContinuousClock.Instant?
    var lines = Rhythm(since: .now)
  }

  /// When a log of a job gets its next line: after ten seconds, so that short work leaves none, then every minute.
  struct Rhythm: Sendable {
    private var next: ContinuousClock.Instant

    init(since start: ContinuousClock.Instant) { next = start + .seconds(10) }

    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
      guard now >= next else { return false }
      next = now + .seconds(60)
      return true
    }
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let interval: Duration

  /// - Parameters:
  ///   - interval: The shortest time between two updates.
  ///   - isTerminal: Whether standard error is a terminal; asked of the system when nil.
  public init(every interval: Duration = .milliseconds(200), isTerminal: Bool? = nil) {
    self.interval = interval
    self.isTerminal = isTerminal ?? (isatty(STDERR_FILENO) == 1)
  }

  /// Shows `text` in the status line, cut to the terminal's width; skipped when the last update is too recent.
  public func update(force: Bool = false, _ text: @autoclosure () -> String) {
    guard isTerminal else {
      return state.withLock { state in if state.lines.isDue(at: .now) { write(text() + "\n") } }
    }
    state.withLock { state in
      let now = ContinuousClock.now
      if !force, let last = state.lastUpdate, now - last < interval { return }
      state.lastUpdate = now
      let line = String(text().prefix(Self.width() - 1))
      write("\r\u{1B}[K" + line)
      state.shown = line.count
    }
  }

  /// A bar for work of known length: `simulating  ▕██████    ▏  62 %  12 s left`.
  public func progress(_ what: String, done: Int, of total: Int, since start: ContinuousClock.Instant) {
    update(Self.bar(what, done: done, of: total, elapsed: ContinuousClock.now - start))
  }

  static func bar(_ what: String, done: Int, of total: Int, elapsed: Duration) -> String {
    let share = total > 0 ? min(1, Double(done) / Double(total)) : 1
    let width = 24
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: " ", count: width - filled)
    let left = share > 0 && share < 1 ? "  \(brief(elapsed * ((1 - share) / share))) left" : ""
    return "\(what)  ▕\(bar)▏ \(Int(share * 100)) %\(left)"
  }

  /// Prints a line that stays, on standard error.
  public func print(_ line: String) {
    state.withLock { state in
      write((state.shown > 0 ? "\r\u{1B}[K" : "") + line + "\n")
      state.shown = 0
    }
  }

  /// Removes the status line.
  public func clear() {
    state.withLock { state in
      if state.shown > 0 { write("\r\u{1B}[K") }
      state.shown = 0
    }
  }

  /// `42 s`, `5 min 03 s`, `2 h 07 min`.
  static func brief(_ duration: Duration) -> String {
    let seconds = Int(min(duration / .seconds(1), 1e12))
    return switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(String(format: "%02d", seconds % 60)) s"
    default: "\(seconds / 3600) h \(String(format: "%02d", seconds / 60 % 60)) min"
    }
  }

  private func write(_ text: String) { StandardStream.error.write(text) }

  private static func width() -> Int {
    let columns = StandardStream.error.size?.columns ?? 0
    return columns > 20 ? columns : 100
  }
}

extension Duration {
  fileprivate static func * (duration: Duration, factor: Double) -> Duration {
    .seconds(min(duration / .seconds(1) * factor, 1e12))
  }
}
