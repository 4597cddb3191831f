internal import Foundation
internal import Streams

/// Whether the trainer starves the simulator or the other way round, in one sentence.
struct TrainingBalance {
  /// Seconds that the source had to wait for room in the trainer's buffer.
  var blocked: Double
  /// Seconds that the trainer had nothing to learn from.
  var starved: Double
  /// Seconds that the training has lasted.
  var elapsed: Double

  init(blocked: Double, starved: Double, elapsed: Double) {
    self.blocked = blocked
    self.starved = starved
    self.elapsed = elapsed
  }

  /// - Parameter node: The trainer, whose edge is looked at.
  init?(of node: String, in snapshot: GraphSnapshot, elapsed: Duration) {
    guard let edge = snapshot.edges.first(where: { $0.to == node }) else { return nil }
    self.init(
      blocked: edge.counters.secondsBlocked, starved: edge.counters.secondsStarved, elapsed: elapsed / .seconds(1))
  }

  /// Whether one of the two waits for more than half of the time, over a time long enough to mean something.
  var isLopsided: Bool { elapsed > 60 && max(blocked, starved) > 0.5 * elapsed }

  var sentence: String {
    func share(_ seconds: Double) -> String {
      String(format: "%.0f %% of %.0f s", 100 * min(seconds / max(elapsed, 1e-9), 1), elapsed)
    }
    if max(blocked, starved) < 0.1 * elapsed {
      return "Simulator and trainer keep pace: neither has waited for the other for a tenth of the time."
    }
    return blocked > starved
      ? "The trainer holds the stream back, which has waited \(share(blocked)) for it; a larger frames-per-step lets more frames by."
      : "The stream starves the trainer, which has waited \(share(starved)) for frames; a smaller frames-per-step learns more from each."
  }
}
