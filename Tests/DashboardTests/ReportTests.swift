import Foundation
import Testing

@testable import Dashboard
@testable import Streams

@Suite("The report without scripts")
struct ReportTests {
  private static func chart(_ section: String, _ title: String, _ subject: String? = nil) -> RunEvent.Chart {
    .init(section: section, title: title, subject: subject, x: .init("time", unit: "s"), y: .init("u", unit: "m"))
  }

  private let events: [RunEvent] = [
    .point(chart("Training", "loss"), x: 0, values: ["loss": 1]),
    .point(chart("Training", "loss"), x: 10, values: ["loss": .nan]),
    .point(chart("Training", "loss"), x: 20, values: ["loss": 0.01]),
    .curves(
      chart("Truth against rollout", "u", "step-20"),
      [
        .init(name: "truth", step: 0.5, values: [0, 1, 0]),
        .init(name: "rollout", step: 0.5, values: [0, 0.9, .infinity], isDashed: true),
      ]),
    .image(
      chart("Live", "field"), .init(rows: 2, columns: 3, values: [0, 1, 2, 3, .nan, 5], value: .init("u", unit: "m"))),
    .row(
      .init(table: "Verdicts", key: "step-20", values: [.init("RMSE", 9)], explanation: "taken back")),
    .row(.init(table: "Verdicts", key: "step-20", values: [.init("RMSE", 0.125)], explanation: "a < b & c")),
    .graph(DashboardRoutesTests.graph, bottleneck: DashboardRoutesTests.graph.bottleneck),
    .progress(.init(step: 1, total: 2, loss: 1, rate: 1)),
    .message("<script>alert(1)</script>"),
  ]

  @Test("Holds a picture of each chart with its axes and units, and the newest row of each key")
  func content() {
    let html = Report(title: "run", events: events).html
    #expect(html.components(separatedBy: "<svg").count - 1 == 3)
    #expect(html.contains(">Truth against rollout: u (step-20)<"))
    #expect(html.contains(">Training: loss<"))
    #expect(html.components(separatedBy: ">time (s)<").count - 1 == 3)
    #expect(html.components(separatedBy: ">u (m)<").count - 1 == 3)
    #expect(html.contains("stroke-dasharray"))
    #expect(html.contains("<td>0.125</td>"))
    #expect(!html.contains("taken back"))
    #expect(html.contains("store sets the pace"))
  }

  @Test(
    "A field is a bitmap whose first row is the lowest; what is not finite is grey, what is beyond the scale its end")
  func field() {
    let image = RunEvent.Image(rows: 2, columns: 3, values: [0, 1, 2, 3, .nan, 99], low: 0, high: 5, value: .init("u"))
    let bytes = ImageChart(chart: Self.chart("s", "t"), image: image).bitmap
    // Rows of 9 bytes are filled up to 12; pixels are blue, green, red.
    #expect(bytes.count == 54 + 24)
    #expect(Array(bytes[..<2]) == Array("BM".utf8))
    #expect(Array(bytes[54..<57]) == [84, 1, 68])
    #expect(Array(bytes[(54 + 12 + 3)..<(54 + 12 + 6)]) == [128, 128, 128])
    #expect(Array(bytes[(54 + 12 + 6)..<(54 + 12 + 9)]) == [37, 231, 253])
  }

  @Test("Says what the run was, and shows no chart of a constant; curves of one chart stand together")
  func about() {
    let more: [RunEvent] = [
      .about(.init(facts: [.init("seed", "7"), .init("host", "<h>")], configuration: "name: a & b")),
      .point(Self.chart("Training", "rate"), x: 0, values: ["rate": 0.5]),
      .point(Self.chart("Training", "rate"), x: 1, values: ["rate": 0.5]),
      .curves(Self.chart("Truth against rollout", "u"), [.init(name: "live", step: 1, values: [1, 2])]),
    ]
    let html = Report(title: "run", events: events + more).html
    #expect(html.contains("<dt>seed</dt><dd>7</dd>") && html.contains("<dd>&lt;h&gt;</dd>"))
    #expect(html.contains("<pre>name: a &amp; b</pre>"))
    #expect(!html.contains("Training: rate"))
    #expect(html.components(separatedBy: "<svg").count - 1 == 3, "the live curve is in the chart of truth and rollout")
    #expect(html.contains(">live</text>") && html.contains(">Truth against rollout: u (step-20)<"))
  }

  @Test("Is well-formed, and runs nothing that a message or a name holds")
  func wellFormed() throws {
    let html = Report(title: "a & <b>", events: events).html
    #expect(!html.contains("<script"))
    #expect(html.contains("a &lt; b &amp; c"))
    for tag in ["svg", "figure", "table", "tr", "td", "text", "h2", "ul", "details", "summary"] {
      let opened = html.matches(of: try Regex("<\(tag)[ >]")).count
      #expect(opened == html.components(separatedBy: "</\(tag)>").count - 1, "\(tag)")
    }
  }

  @Test("A value that is not finite breaks the line instead of bending it")
  func gaps() throws {
    let chart = LineChart(
      title: "t", xTitle: "x",
      lines: [.init(name: "l", points: [(0, 0), (1, 1), (2, .nan), (3, 1), (4, .infinity), (5, 0)])])
    let path = try #require(chart.svg().firstMatch(of: #/<path d="([^"]*)" fill="none"/#)?.1)
    #expect(path.filter { $0 == "M" }.count == 3)
    #expect(path.filter { $0 == "L" }.count == 1)
    #expect(!path.contains("nan") && !path.contains("inf"))
  }

  @Test("A run that told nothing gives a report that is empty, not a failure")
  func empty() {
    let html = Report(title: "run", events: []).html
    #expect(html.contains("<h1>run</h1>"))
    #expect(LineChart(title: "t", xTitle: "x", lines: []).svg().contains("Nothing to show yet"))
  }
}
