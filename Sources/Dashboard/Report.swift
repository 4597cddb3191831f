import Foundation
public import Streams

/// Everything that a run told, as one HTML file with pictures and without scripts: for machines without a browser, for
/// an archive, for a mail.
public struct Report {
  public let title: String
  public let events: [RunEvent]

  public init(title: String, events: [RunEvent]) {
    self.title = title
    self.events = events
  }

  /// The file's text. A function of the events alone: the same events give the same bytes.
  public var html: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>\(Markup.escape(title)) · Holstream</title>
    <meta name="viewport" content="width=device-width">
    <style>\(Self.style)</style></head><body>
    <h1>\(Markup.escape(title))</h1>
    \(charts().map { "<figure>\($0.svg())</figure>" }.joined(separator: "\n"))
    \(verdicts())
    \(stages())
    \(messages())
    </body></html>

    """
  }

  private func charts() -> [LineChart] {
    var training: [String: [(x: Double, y: Double)]] = [:]
    var frames: [String: [(x: Double, y: Double)]] = [:]
    var trajectory: Int?
    var rollouts: [LineChart] = []
    var climate: [RunEvent.Series] = []
    for event in events {
      switch event {
      case .training(let step, let values):
        for (name, value) in values { training[name, default: []].append((Double(step), value)) }
      case .frame(let number, let time, let values):
        if trajectory == nil { trajectory = number }
        if number == trajectory { for (name, value) in values { frames[name, default: []].append((time, value)) } }
      case .rollout(let checkpoint, let step, let truth, let model):
        rollouts = truth.map { series in
          Self.pair(series, model.first { $0.name == series.name }, of: "\(checkpoint) (step \(step))")
        }
      case .climate(let series, _): climate = series
      case .verdict, .graph, .message: break
      }
    }
    func curves(_ isShown: (String) -> Bool) -> [LineChart] {
      training.filter { isShown($0.key) }.sorted { $0.key < $1.key }.map { name, points in
        LineChart(
          title: name, xTitle: "step", isLogarithmic: name.contains("loss"), lines: [.init(name: name, points: points)])
      }
    }
    // What one wants to see first comes first: whether the model follows the truth, then whether it still learns.
    let isLoss = { (name: String) in name.contains("loss") }
    var charts = rollouts + curves(isLoss)
    for (observable, series) in Self.observables(climate) {
      charts.append(
        LineChart(
          title: "Autocorrelation of \(Markup.symbol(observable)), live stream", xTitle: "lag",
          lines: series.map {
            .init(name: Markup.symbol($0.name), points: $0.points, isDashed: $0.name.hasSuffix(" model"))
          }))
    }
    if let trajectory, !frames.isEmpty {
      charts.append(
        LineChart(
          title: "Live stream, trajectory \(trajectory)", xTitle: "time",
          lines: frames.sorted { $0.key < $1.key }.map { .init(name: Markup.symbol($0.key), points: $0.value) }))
    }
    return charts + curves { !isLoss($0) }
  }

  /// Truth and model of one observable. A series named `autocorrelation of x` runs over lags, any other over time.
  private static func pair(_ truth: RunEvent.Series, _ model: RunEvent.Series?, of checkpoint: String) -> LineChart {
    LineChart(
      title: "\(Markup.symbol(truth.name)) of \(checkpoint)",
      xTitle: truth.name.hasPrefix("autocorrelation") ? "lag" : "time",
      lines: [.init(name: "truth", points: truth.points)]
        + (model.map { [.init(name: "rollout", points: $0.points, isDashed: true)] } ?? []))
  }

  /// Series by what they are of: `Δρ truth` and `Δρ model` share a chart.
  static func observables(_ series: [RunEvent.Series]) -> [(name: String, series: [RunEvent.Series])] {
    var groups: [(name: String, series: [RunEvent.Series])] = []
    for item in series {
      let name = item.name.replacing(#/ (truth|model)$/#, with: "")
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].series.append(item)
      } else {
        groups.append((name, [item]))
      }
    }
    return groups
  }

  private func verdicts() -> String {
    var rows: [(String, Int, [String: Double], String)] = []
    for case .verdict(let checkpoint, let step, let values, let words) in events {
      rows.append((checkpoint, step, values, words))
    }
    guard !rows.isEmpty else { return "" }
    let columns = Set(rows.flatMap(\.2.keys)).sorted()
    let head = (["checkpoint", "step"] + columns + ["in words"]).map { "<th>\(Markup.escape($0))</th>" }.joined()
    let body = rows.map { checkpoint, step, values, words in
      let numbers = columns.map { column in "<td>\(values[column].map { String(format: "%.4g", $0) } ?? "–")</td>" }
        .joined()
      return "<tr><td>\(Markup.escape(checkpoint))</td><td>\(step)</td>\(numbers)<td>\(Markup.escape(words))</td></tr>"
    }
    return
      "<h2>Verdicts</h2><table><thead><tr>\(head)</tr></thead><tbody>\(body.joined(separator: "\n"))</tbody></table>"
  }

  private func stages() -> String {
    var last: (GraphSnapshot, String)?
    for case .graph(let snapshot, let bottleneck) in events { last = (snapshot, bottleneck) }
    guard let (snapshot, bottleneck) = last else { return "" }
    let rows = snapshot.edges.map { edge in
      let counters = edge.counters
      return
        "<tr><td>\(Markup.escape(edge.from)) → \(Markup.escape(edge.to))</td><td>\(edge.delivery)</td><td>\(counters.depth) / \(counters.capacity)</td>"
        + "<td>\(counters.sent)</td><td>\(counters.dropped)</td><td>\(String(format: "%.1f", counters.secondsBlocked))</td></tr>"
    }
    let head = ["edge", "delivery", "waiting", "sent", "dropped", "blocked, s"].map { "<th>\($0)</th>" }.joined()
    return
      "<h2>Stages</h2><p>\(Markup.escape(bottleneck))</p><table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
  }

  private func messages() -> String {
    var lines: [String] = []
    for case .message(let text) in events { lines.append("<li>\(Markup.escape(text))</li>") }
    return lines.isEmpty ? "" : "<h2>Messages</h2><ul>\(lines.joined(separator: "\n"))</ul>"
  }

  private static let style = """
    :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
    figure{margin:0 0 1.5rem}svg{width:100%;font:11px system-ui,sans-serif}svg text{fill:CanvasText}svg .title{font-size:14px;font-weight:600}
    svg .grid{stroke:CanvasText;opacity:.15}table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow:auto}
    th,td{padding:.3rem .8rem;border-bottom:1px solid color-mix(in srgb,CanvasText 15%,transparent);text-align:right}
    th:first-child,td:first-child,td:last-child{text-align:left}
    """
}

extension RunEvent.Series {
  var points: [(x: Double, y: Double)] { values.indices.map { (start + Double($0) * step, values[$0]) } }
}
