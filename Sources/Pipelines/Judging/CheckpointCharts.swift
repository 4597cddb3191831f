internal import Climate
internal import Streams
internal import Synchronization

/// How checkpoints were judged, one after the other, with the best so far as a line of its own.
final class CheckpointCharts: Sendable {
  private let best = Mutex<[String: Double]>([:])

  func events(of verdict: Verdict) -> [RunEvent] {
    let (measure, score) = verdict.rank
    let best = best.withLock { best in
      best[measure] = min(best[measure] ?? .infinity, score)
      return best[measure]!
    }
    var events = [event(verdict, measure, isLogarithmic: true, ["of the checkpoint": score, "best so far": best])]
    let errors = verdict.errors
    let named = verdict.observables.compactMap { label in errors[label.name].map { (label.symbol, $0) } }
    if !named.isEmpty {
      events.append(
        event(
          verdict, "RMSE of the rollouts", isLogarithmic: true,
          Dictionary(named, uniquingKeysWith: { first, _ in first })))
    }
    return events
  }

  private func event(
    _ verdict: Verdict, _ title: String, isLogarithmic: Bool, _ values: [String: Double]
  ) -> RunEvent {
    .point(
      .init(
        section: "Checkpoints", title: title, x: .init("step"), y: .init(title, isLogarithmic: isLogarithmic)),
      x: Double(verdict.step), values: values)
  }
}
