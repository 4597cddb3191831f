public import Foundation
public import Streams
import Synchronization

/// Several runs, of which one page shows a table and their curves together, and others each run alone.
public final class RunGallery: Sendable {
  /// A run that is listed.
  public struct Entry: Sendable, Equatable {
    public var name: String
    /// What is told of it, by the names of the columns, in their order.
    public var facts: [RunEvent.About.Fact]
    /// What changes when the run has gone on: it is then read again.
    public var version: String

    public init(name: String, facts: [RunEvent.About.Fact], version: String) {
      self.name = name
      self.facts = facts
      self.version = version
    }
  }

  /// A run as its page shows it.
  public struct Run: Sendable {
    public var title: String
    public var events: EventHub
    /// Where its best checkpoint is.
    public var best: URL?
    public var graph: @Sendable () -> GraphSnapshot

    public init(title: String, events: EventHub, best: URL?, graph: @escaping @Sendable () -> GraphSnapshot) {
      self.title = title
      self.events = events
      self.best = best
      self.graph = graph
    }
  }

  private struct Known {
    var version: String
    /// Nil for a run that has nothing to show.
    var run: Run?
  }

  private let title: String
  private let list: @Sendable () -> [Entry]
  private let open: @Sendable (String) -> Run?
  private let known = Mutex<[String: Known]>([:])

  /// Runs whose curves are drawn together, the first ones.
  static let mostTogether = 8

  /// - Parameters:
  ///   - title: The page's title, such as the folder's name.
  ///   - list: The runs as they are now, the newest first.
  ///   - open: A run by its name; nil where it cannot be shown.
  public init(
    title: String, list: @escaping @Sendable () -> [Entry], open: @escaping @Sendable (String) -> Run?
  ) {
    self.title = title
    self.list = list
    self.open = open
  }

  /// The number of a run, and the path below it, of `/runs/3/report`; nil for other paths.
  static func place(_ path: String) -> (number: Int, path: String)? {
    guard let match = path.wholeMatch(of: #/\/runs\/(\d{1,6})(\/.*)/#), let number = Int(match.1) else { return nil }
    return (number, String(match.2))
  }

  /// A run by its place in the list, from 1; read once, and again when it has gone on.
  func run(_ number: Int) -> Run? {
    let entries = list()
    guard entries.indices.contains(number - 1) else { return nil }
    return run(entries[number - 1])
  }

  private func run(_ entry: Entry) -> Run? {
    if let known = known.withLock({ $0[entry.name] }), known.version == entry.version { return known.run }
    let run = open(entry.name)
    known.withLock { $0[entry.name] = Known(version: entry.version, run: run) }
    return run
  }

  /// The page of all: a table of the runs, then each chart with the curves of the newest runs together.
  var html: String {
    let entries = list()
    let columns = entries.flatMap(\.facts).map(\.name).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let rows = entries.enumerated().map { index, entry in
      let cells = columns.map { column in
        "<td>\(Markup.escape(entry.facts.first { $0.name == column }?.value ?? ""))</td>"
      }
      return "<tr><td><a href=\"/runs/\(index + 1)/?still\">\(Markup.escape(entry.name))</a></td>\(cells.joined())</tr>"
    }
    let head = (["run"] + columns).map { "<th scope=\"col\">\(Markup.escape($0))</th>" }.joined()
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(Markup.escape(title)) · Holstream</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="icon" href="data:,">
      <style>\(Report.style)</style></head><body>
      <h1>\(Markup.escape(title))</h1>
      <p>\(entries.count) runs; the name of each leads to its page. Load this page again for how they stand.</p>
      <table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>
      \(charts(entries.prefix(Self.mostTogether)).map { "<figure>\($0.svg())</figure>" }.joined(separator: "\n"))
      </body></html>

      """
  }

  /// Charts that grow point by point and are of the whole run, the curves of all runs in each.
  private func charts(_ entries: ArraySlice<Entry>) -> [LineChart] {
    var keys: [RunEvent.Topic] = []
    var charts: [RunEvent.Topic: (chart: RunEvent.Chart, lines: [LineChart.Line])] = [:]
    for entry in entries {
      var points: [RunEvent.Topic: [String: [(x: Double, y: Double)]]] = [:]
      for event in run(entry)?.events.history ?? [] {
        guard case .point(let chart, let x, let values) = event, chart.subject == nil else { continue }
        let topic = event.topic
        if charts[topic] == nil {
          keys.append(topic)
          charts[topic] = (chart, [])
        }
        for (name, y) in values { points[topic, default: [:]][name, default: []].append((x, y)) }
      }
      for (topic, lines) in points {
        for (name, points) in lines.sorted(by: { $0.key < $1.key }) {
          let isAlone = lines.count == 1
          charts[topic]!.lines.append(.init(name: isAlone ? entry.name : "\(entry.name) \(name)", points: points))
        }
      }
    }
    return keys.compactMap { charts[$0] }.map { LineChart($0.chart, $0.lines) }
  }
}
