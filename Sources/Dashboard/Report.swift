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
    <link rel="icon" href="data:,">
    <style>\(Self.style)</style></head><body>
    <h1>\(Markup.escape(title))</h1>
    \(facts())
    \(lastWords())
    \(pictures().map { "<figure>\($0)</figure>" }.joined(separator: "\n"))
    \(tables())
    \(stages())
    \(messages())
    \(configuration())
    </body></html>

    """
  }

  /// Curves that were drawn anew come first, then images, then lines that grew point by point: what one wants to see
  /// first is the last state of things. Within these, in the order of the events.
  private func pictures() -> [String] {
    var keys: [RunEvent.Topic] = []
    var curves: [RunEvent.Topic: Curves] = [:]
    var images: [RunEvent.Topic: ImageChart] = [:]
    var points: [RunEvent.Topic: Points] = [:]
    for event in events {
      let topic = event.topic.ofAllCurves
      switch event {
      case .curves(let chart, let series): curves[topic, default: Curves()].add(chart, series)
      case .image(let chart, let image): images[topic] = ImageChart(chart: chart, image: image)
      case .point(let chart, let x, let values): points[topic, default: Points(chart)].add(chart, x, values)
      case .row, .progress, .graph, .message, .about: continue
      }
      if !keys.contains(topic) { keys.append(topic) }
    }
    return keys.compactMap { curves[$0]?.lineChart?.svg() } + keys.compactMap { images[$0]?.svg() }
      + keys.compactMap { points[$0].flatMap { $0.isConstant ? nil : $0.lineChart.svg() } }
  }

  /// Curves of one chart, by their names: those of other names stand beside them.
  private struct Curves {
    var chart: RunEvent.Chart?
    var subject: String?
    var names: [[String]] = []
    var series: [[String]: [RunEvent.Series]] = [:]

    mutating func add(_ chart: RunEvent.Chart, _ series: [RunEvent.Series]) {
      let names = series.map(\.name)
      if self.series[names] == nil { self.names.append(names) }
      self.series[names] = series
      subject = chart.subject ?? subject
      self.chart = chart
    }

    var lineChart: LineChart? {
      guard var chart else { return nil }
      chart.subject = subject
      return LineChart(chart, names.flatMap { series[$0] ?? [] })
    }
  }

  /// Points of one chart, by line.
  private struct Points {
    var chart: RunEvent.Chart
    var lines: [String: [(x: Double, y: Double)]] = [:]

    init(_ chart: RunEvent.Chart) { self.chart = chart }

    mutating func add(_ chart: RunEvent.Chart, _ x: Double, _ values: [String: Double]) {
      if chart.subject != self.chart.subject { lines = [:] }
      self.chart = chart
      for (name, value) in values { lines[name, default: []].append((x, value)) }
    }

    /// Such a chart tells nothing, as that of a learning rate that stays what it is.
    var isConstant: Bool {
      lines.values.allSatisfy { points in points.count > 1 && points.allSatisfy { $0.y == points[0].y } }
    }

    var lineChart: LineChart {
      LineChart(chart, lines.sorted { $0.key < $1.key }.map { .init(name: $0.key, points: $0.value) })
    }
  }

  /// A table for each name of one, its rows by key, the columns in the order in which they first came.
  private func tables() -> String {
    var names: [String] = []
    var tables: [String: [RunEvent.Row]] = [:]
    for case .row(let row) in events {
      if tables[row.table] == nil { names.append(row.table) }
      tables[row.table, default: []].removeAll { $0.key == row.key }
      tables[row.table, default: []].append(row)
    }
    return names.map { name in
      let rows = tables[name] ?? []
      var columns: [String] = []
      for value in rows.flatMap(\.values) where !columns.contains(value.name) { columns.append(value.name) }
      let body = rows.map { row in
        let numbers = columns.map { column in
          "<td>\(row.values.first { $0.name == column }.map { String(format: "%.4g", $0.value) } ?? "–")</td>"
        }
        return
          "<tr><td>\(Markup.escape(row.key))</td>\(numbers.joined())<td>\(Markup.escape(row.explanation))</td></tr>"
      }
      return Self.table(name, head: [""] + columns + ["in words"], body)
    }.joined(separator: "\n")
  }

  /// Behind a fold: whoever is sent a report reads the pictures first.
  private static func table(_ title: String, lead: String = "", head: [String], _ rows: [String]) -> String {
    let head = head.map { "<th>\(Markup.escape($0))</th>" }.joined()
    return "<details><summary><h2>\(Markup.escape(title))</h2></summary>\(lead)<table><thead><tr>\(head)</tr></thead>"
      + "<tbody>\(rows.joined(separator: "\n"))</tbody></table></details>"
  }

  private var about: RunEvent.About? {
    events.reduce(nil) { last, event in if case .about(let about) = event { about } else { last } }
  }

  private func facts() -> String {
    guard let about else { return "" }
    let rows = about.facts.map { "<dt>\(Markup.escape($0.name))</dt><dd>\(Markup.escape($0.value))</dd>" }
    return "<dl>\(rows.joined())</dl>"
  }

  /// What the newest row of each table means, in sentences.
  private func lastWords() -> String {
    var names: [String] = []
    var last: [String: RunEvent.Row] = [:]
    for case .row(let row) in events where !row.explanation.isEmpty {
      if last[row.table] == nil { names.append(row.table) }
      last[row.table] = row
    }
    return names.compactMap { name in
      last[name].map {
        "<p class=\"lead\"><b>\(Markup.escape($0.key))</b>: \(Markup.escape($0.explanation))</p>"
      }
    }.joined(separator: "\n")
  }

  private func configuration() -> String {
    guard let about, !about.configuration.isEmpty else { return "" }
    return
      "<details><summary><h2>Pipeline file</h2></summary><pre>\(Markup.escape(about.configuration))</pre></details>"
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
    return Self.table(
      "Stages", lead: "<p>\(Markup.escape(bottleneck))</p>",
      head: ["edge", "delivery", "waiting", "sent", "dropped", "blocked, s"], rows)
  }

  private func messages() -> String {
    var lines: [String] = []
    for case .message(let text) in events { lines.append("<li>\(Markup.escape(text))</li>") }
    return lines.isEmpty ? "" : "<h2>Messages</h2><ul>\(lines.joined(separator: "\n"))</ul>"
  }

  static let style = """
    :root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
    figure{margin:0 0 1.5rem}svg{width:100%;font:11px system-ui,sans-serif}svg text{fill:CanvasText}svg .title{font-size:14px;font-weight:600}
    svg .grid{stroke:CanvasText;opacity:.15}table{border-collapse:collapse;font-variant-numeric:tabular-nums;display:block;overflow:auto}
    th,td{padding:.3rem .8rem;border-bottom:1px solid color-mix(in srgb,CanvasText 15%,transparent);text-align:right}
    th:first-child,td:first-child,td:last-child{text-align:left}summary h2{display:inline;font-size:1.1rem}details{margin:1rem 0}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1.2rem}dt{opacity:.65}dd{margin:0;overflow-wrap:anywhere}
    pre{overflow:auto;font-size:.85rem}.lead{font-size:1.05rem}
    """
}

extension LineChart {
  init(_ chart: RunEvent.Chart, _ series: [RunEvent.Series]) {
    self.init(
      chart,
      series.map { line in
        Line(
          name: line.name, points: line.values.indices.map { (line.start + Double($0) * line.step, line.values[$0]) },
          isDashed: line.isDashed)
      })
  }

  init(_ chart: RunEvent.Chart, _ lines: [Line]) {
    self.init(
      title: chart.fullTitle, xTitle: chart.x.title, yTitle: chart.y.title, isLogarithmic: chart.y.isLogarithmic,
      isXLogarithmic: chart.x.isLogarithmic, lines: lines)
  }
}

extension RunEvent.Chart {
  var fullTitle: String { "\(section): \(title)" + (subject.map { " (\($0))" } ?? "") }
}
