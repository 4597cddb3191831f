internal import Streams
internal import Synchronization

/// The workers that a run has seen; told to the page when something has changed.
final class WorkerRoster: Sendable {
  private let workers = Mutex<[String: SeenWorker]>([:])

  /// - Parameters:
  ///   - seen: All workers of a role.
  ///   - events: Is told of those that have changed.
  func update(_ seen: [SeenWorker], _ events: EventHub) {
    let changed = workers.withLock { workers in
      seen.filter { worker in
        let key = "\(worker.role)/\(worker.presence.name)"
        defer { workers[key] = worker }
        return workers[key] != worker
      }
    }
    for worker in changed { events.send(.row(worker.row)) }
  }

  var all: [SeenWorker] { workers.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

  /// For Prometheus, in its text format; empty where no worker was seen.
  var metrics: String {
    let all = all
    guard !all.isEmpty else { return "" }
    var text = "# HELP holstream_workers Workers by what they do.\n# TYPE holstream_workers gauge\n"
    for role in Set(all.map(\.role)).sorted() {
      let own = all.filter { $0.role == role }
      let busy = own.count { !$0.isLost && $0.presence.state == .busy }
      let lost = own.count(where: \.isLost)
      for (state, count) in [("busy", busy), ("idle", own.count - busy - lost), ("lost", lost)] {
        text += "holstream_workers{role=\"\(role)\",state=\"\(state)\"} \(count)\n"
      }
    }
    text += "# HELP holstream_worker_pieces_total Pieces of work done.\n# TYPE holstream_worker_pieces_total counter\n"
    for worker in all {
      let name = worker.presence.name.map { "\"\\\n".contains($0) ? "_" : String($0) }.joined()
      text += "holstream_worker_pieces_total{role=\"\(worker.role)\",worker=\"\(name)\"} \(worker.presence.done)\n"
    }
    return text
  }
}
