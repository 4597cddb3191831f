internal import Foundation
public import Streams

/// The page as one static file with SVG charts, for a machine without a browser or for a colleague.
public struct Report {
  private let title: String
  private let events: [RunEvent]

  public init(title: String, events: [RunEvent]) {
    self.title = title
    self.events = events
  }

  public var html: String {
    var loss: [(Double, Double)] = []
    var rows: [String] = []
    var bottleneck = ""
    var truth: [RunEvent.Series] = []
    var model: [RunEvent.Series] = []
    var checkpoint = ""
    for event in events {
      switch event {
      case .training(let step, let values): loss.append((Double(step), values["loss"] ?? .nan))
      case .rollout(let name, _, let a, let b): (checkpoint, truth, model) = (name, a, b)
      case .verdict(let name, _, let values, let words):
        let cells = ["RMSE Δρ", "RMSE ΔQ", "valid time", "survival"].map {
          "<td>\(String(format: "%.3g", values[$0] ?? .nan))</td>"
        }.joined()
        rows.append("<tr><td>\(Self.escape(name))</td>\(cells)<td class=words>\(Self.escape(words))</td></tr>")
      case .graph(_, let sentence): bottleneck = sentence
      default: break
      }
    }
    let charts = zip(truth, model).map { a, b in
      let points = { (s: RunEvent.Series) in
        s.values.enumerated().map { (s.start + Double($0.offset) * s.step, $0.element) }
      }
      return Self.chart(
        Self.label(a.name) + (a.name.hasPrefix("auto") ? " against lag" : " against time, \(checkpoint)"),
        [("truth", "#2563eb", points(a)), ("model", "#dc2626", points(b))])
    }
    return """
      <!doctype html><html lang=en><meta charset=utf-8><title>\(Self.escape(title))</title>
      <style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}svg{width:100%;height:auto}td,th{padding:.2rem .6rem;text-align:right}td:first-child,.words{text-align:left}table{border-collapse:collapse;font-size:13px}tr:nth-child(even){background:#f3f4f6}</style>
      <h1>\(Self.escape(title))</h1><p>\(Self.escape(bottleneck))</p>
      \(Self.chart("loss against step", [("loss", "#2563eb", loss)], isLogarithmic: true))
      \(charts.joined(separator: "\n"))
      <h2>Verdicts</h2><table><tr><th>checkpoint<th>RMSE Δρ<th>RMSE ΔQ<th>valid time<th>survival<th>in words</tr>\(rows.joined(separator: "\n"))</table>
      </html>
      """
  }

  private static func label(_ name: String) -> String {
    name.replacingOccurrences(of: "deltaRho", with: "Δρ").replacingOccurrences(of: "deltaQ", with: "ΔQ")
  }

  private static func chart(
    _ title: String, _ lines: [(name: String, colour: String, points: [(Double, Double)])], isLogarithmic: Bool = false
  ) -> String {
    let scaled = lines.map { line in
      (line.name, line.colour, line.points.map { ($0.0, isLogarithmic ? log10($0.1) : $0.1) }.filter { $0.1.isFinite })
    }
    let all = scaled.flatMap(\.2)
    guard let left = all.map(\.0).min(), let right = all.map(\.0).max(), let low = all.map(\.1).min(),
      let high = all.map(\.1).max()
    else { return "" }
    let (width, height, margin) = (900.0, 260.0, 56.0)
    func x(_ value: Double) -> Double {
      margin + (value - left) / max(right - left, .leastNormalMagnitude) * (width - margin - 12)
    }
    func y(_ value: Double) -> Double {
      height - 28 - (value - low) / max(high - low, .leastNormalMagnitude) * (height - 56)
    }
    func text(_ value: Double) -> String { String(format: "%.3g", isLogarithmic ? pow(10, value) : value) }
    let paths = scaled.map { name, colour, points in
      let stride = max(1, points.count / 1500)
      let path = points.enumerated().filter { $0.offset % stride == 0 }.map {
        String(format: "%.1f,%.1f", x($0.element.0), y($0.element.1))
      }.joined(separator: " ")
      return "<polyline fill=none stroke=\"\(colour)\" stroke-width=1.5 points=\"\(path)\"/>"
    }
    let legend = scaled.enumerated().map {
      "<text x=\(width - 150 + Double($0.offset) * 70) y=16 fill=\"\($0.element.1)\" font-size=13>\($0.element.0)</text>"
    }
    return """
      <svg viewBox="0 0 \(Int(width)) \(Int(height))" role=img><text x=\(margin) y=16 font-size=14 font-weight=600>\(escape(title))</text>\(legend.joined())
      <g font-size=11 fill="#666"><text x=2 y=\(y(high) + 4)>\(text(high))</text><text x=2 y=\(y(low) + 4)>\(text(low))</text><text x=\(margin) y=\(height - 8)>\(String(format: "%g", left))</text><text x=\(width - 12) y=\(height - 8) text-anchor=end>\(String(format: "%g", right))</text></g>
      <path d="M\(margin),24V\(height - 24)H\(width - 12)" fill=none stroke="#999"/>\(paths.joined())</svg>
      """
  }

  private static func escape(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(
      of: "\"", with: "&quot;")
  }
}
