import Foundation
import Testing

@testable import Dashboard
@testable import Streams

@Suite("The report without scripts")
struct ReportTests {
  private let events: [RunEvent] = [
    .training(step: 0, values: ["loss": 1]), .training(step: 10, values: ["loss": .nan]),
    .training(step: 20, values: ["loss": 0.01]),
    .rollout(
      checkpoint: "step-20", step: 20, truth: [.init(name: "deltaRho", step: 0.5, values: [0, 1, 0])],
      model: [.init(name: "deltaRho", step: 0.5, values: [0, 0.9, .infinity])]),
    .climate(
      series: [
        .init(name: "ΔQ truth", step: 1, values: [1, 0.5]), .init(name: "ΔQ model", step: 1, values: [1, 0.4]),
      ], values: [:]),
    .verdict(checkpoint: "step-20", step: 20, values: ["RMSE Δρ": 0.125], words: "a < b & c"),
    .graph(DashboardRoutesTests.graph, bottleneck: DashboardRoutesTests.graph.bottleneck),
    .message("<script>alert(1)</script>"),
  ]

  @Test("Holds a chart of the loss, of truth against rollout and of the autocorrelation, and the verdict's row")
  func content() {
    let html = Report(title: "run", events: events).html
    #expect(html.components(separatedBy: "<svg").count - 1 == 3)
    #expect(html.contains(">Δρ of step-20 (step 20)<"))
    #expect(html.contains(">Autocorrelation of ΔQ, live stream<"))
    #expect(html.contains("<td>0.125</td>"))
    #expect(html.contains("store sets the pace"))
  }

  @Test("Is well-formed, and runs nothing that a message or a name holds")
  func wellFormed() throws {
    let html = Report(title: "a & <b>", events: events).html
    #expect(!html.contains("<script"))
    #expect(html.contains("a &lt; b &amp; c"))
    for tag in ["svg", "figure", "table", "tr", "td", "text", "h2", "ul"] {
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
