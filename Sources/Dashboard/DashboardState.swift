import Streams

/// Where a run stands, for scripts that ask now and then.
struct DashboardState: Codable {
  /// The newest point of a chart.
  struct Point: Codable {
    var x: Double
    var values: [String: Double]
  }

  var title: String
  var graph: GraphSnapshot
  var bottleneck: String
  var progress: RunEvent.Progress?
  /// By the chart's title.
  var points: [String: Point] = [:]
  /// The newest row of each table, by the table's title.
  var rows: [String: RunEvent.Row] = [:]
  /// The newest messages, the last one last.
  var messages: [String] = []

  /// The messages that are told.
  static let mostMessages = 20

  /// - Parameter newest: The newest events of each topic, `mostMessages` at least.
  init(title: String, graph: GraphSnapshot, newest: [RunEvent]) {
    self.title = title
    self.graph = graph
    bottleneck = graph.bottleneck
    for event in newest {
      switch event {
      case .point(let chart, let x, let values): points[chart.title] = Point(x: x, values: values)
      case .row(let row): rows[row.table] = row
      case .progress(let progress): self.progress = progress
      case .message(let text): messages.append(text)
      case .curves, .image, .graph, .about: break
      }
    }
    messages = Array(messages.suffix(Self.mostMessages))
  }

  /// The counters of the edges and the newest numbers in Prometheus' text format.
  var prometheus: String {
    var lines = graph.prometheus
    func gauge(_ name: String, _ entries: [(labels: String, value: Double)]) {
      guard !entries.isEmpty else { return }
      lines += "# TYPE holstream_\(name) gauge\n"
      for (labels, value) in entries {
        let number = value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
        lines += "holstream_\(name)\(labels) \(number)\n"
      }
    }
    if let progress {
      gauge("training_step", [("", Double(progress.step))])
      gauge("training_steps_planned", [("", Double(progress.total))])
      gauge("training_loss", [("", progress.loss)])
      gauge("training_steps_per_second", [("", progress.rate)])
    }
    gauge(
      "point",
      points.sorted { $0.key < $1.key }.flatMap { chart, point in
        point.values.sorted { $0.key < $1.key }.map { name, value in
          (Self.labels([("chart", chart), ("line", name)]), value)
        }
      })
    gauge(
      "row",
      rows.sorted { $0.key < $1.key }.flatMap { table, row in
        row.values.map { (Self.labels([("table", table), ("column", $0.name)]), $0.value) }
      })
    return lines
  }

  private static func labels(_ pairs: [(String, String)]) -> String {
    let parts = pairs.map { name, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      return "\(name)=\"\(escaped)\""
    }
    return "{\(parts.joined(separator: ","))}"
  }
}
