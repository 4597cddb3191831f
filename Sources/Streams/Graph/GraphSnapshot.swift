/// Where a graph stands at one instant.
public struct GraphSnapshot: Codable, Sendable, Equatable {
  public enum NodeState: String, Codable, Sendable { case waiting, running, finished, failed }

  public struct Node: Codable, Sendable, Equatable {
    public var name: String
    public var kind: String
    public var state: NodeState
  }

  public struct Edge: Codable, Sendable, Equatable {
    public var from: String
    public var to: String
    public var delivery: String
    public var counters: EdgeCounters
  }

  public var nodes: [Node]
  public var edges: [Edge]

  public init(nodes: [Node], edges: [Edge]) {
    self.nodes = nodes
    self.edges = edges
  }

  /// In one sentence, who makes whom wait.
  public var bottleneck: String {
    guard let worst = edges.max(by: { $0.counters.secondsBlocked < $1.counters.secondsBlocked }),
      worst.counters.secondsBlocked > 0.5
    else { return "Nothing waits: every stage keeps up with its source." }
    let seconds = Int(worst.counters.secondsBlocked.rounded())
    return
      "\(worst.to) sets the pace: \(worst.from) has waited \(seconds) s for it, \(worst.counters.depth) of \(worst.counters.capacity) places of its buffer are taken."
  }

  /// The counters in Prometheus' text format.
  public var prometheus: String {
    func metric(_ name: String, _ type: String, _ help: String, _ value: (EdgeCounters) -> Double) -> String {
      "# HELP holstream_edge_\(name) \(help)\n# TYPE holstream_edge_\(name) \(type)\n"
        + edges.map { "holstream_edge_\(name){from=\"\($0.from)\",to=\"\($0.to)\"} \(value($0.counters))\n" }.joined()
    }
    return metric("depth", "gauge", "Elements that wait.") { Double($0.depth) }
      + metric("sent_total", "counter", "Elements sent.") { Double($0.sent) }
      + metric("dropped_total", "counter", "Elements replaced by a newer one.") { Double($0.dropped) }
      + metric("blocked_seconds_total", "counter", "Time the sender waited for room.") { $0.secondsBlocked }
      + metric("starved_seconds_total", "counter", "Time the receiver waited for elements.") { $0.secondsStarved }
  }
}
