import Streams

/// Where a run stands, for scripts that ask now and then.
struct DashboardState: Codable {
  var title: String
  var graph: GraphSnapshot
  var bottleneck: String
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
    title = page.title
    graph = page.snapshot()
    bottleneck = graph.bottleneck
    for event in page.events.history {
      switch event {
      case .training(let step, let values): (self.step, training) = (step, values)
      case .verdict(let checkpoint, _, let values, let words):
        (self.checkpoint, verdict, self.words) = (checkpoint, values, words)
      case .message(let text): messages.append(text)
      case .frame, .rollout, .climate, .graph: break
      }
    }
    messages = Array(messages.suffix(20))
  }
}
