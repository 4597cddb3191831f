import Streams

/// Where a run stands, for scripts that ask now and then.
struct DashboardState: Codable {
  var name: String
  var graph: GraphSnapshot?
  var bottleneck: String?
  /// The last training step and its numbers.
  var step: Int?
  var training: [String: Double] = [:]
  /// The verdict on the newest checkpoint.
  var checkpoint: String?
  var verdict: [String: Double] = [:]
  var words: String?
  /// The newest messages, the last one last.
  var messages: [String] = []

  init(of page: DashboardServer) {
    name = page.name
    graph = page.graph?()
    for event in page.hub.history {
      switch event {
      case .training(let step, let values): (self.step, training) = (step, values)
      case .verdict(let checkpoint, _, let values, let words):
        (self.checkpoint, verdict, self.words) = (checkpoint, values, words)
      case .graph(let snapshot, _): graph = graph ?? snapshot
      case .message(let text): messages.append(text)
      case .frame, .rollout, .climate: break
      }
    }
    messages = Array(messages.suffix(20))
    bottleneck = graph?.bottleneck
  }
}
