import Foundation
import Synchronization
import Testing

@testable import Dashboard
@testable import Streams

@Suite("Several runs on one page")
struct RunGalleryTests {
  private static let chart = RunEvent.Chart(section: "Training", title: "loss", x: .init("step"), y: .init("loss"))

  /// What was asked of a folder of runs.
  private final class Folder: Sendable {
    let opened = Mutex<[String]>([])
    let version = Mutex("1")
  }

  private static func run(_ name: String) -> RunGallery.Run? {
    guard name != "empty" else { return nil }
    let hub = EventHub()
    for x in 1...3 { hub.send(.point(chart, x: Double(x), values: ["training": 1 / Double(x)])) }
    hub.send(.message("of \(name)"))
    return .init(title: "<\(name)>", events: hub, best: nil, graph: { DashboardRoutesTests.graph })
  }

  private func get(_ path: String, _ gallery: RunGallery?, isPage: Bool = true) throws -> (status: Int, body: String) {
    let page = try DashboardServer(
      .init(isPage: isPage), events: EventHub(), title: "runs", snapshot: { DashboardRoutesTests.graph },
      metrics: { "holstream_run_info{} 1\n" }, gallery: gallery, announce: { _ in })
    let request = HTTPRequest(method: "GET", path: path, query: [:], headers: ["host": ["127.0.0.1"]])
    let response = DashboardRoutes(page: page, port: 1).response(to: request)
    guard case .bytes(let bytes) = response.body else { return (response.status, "") }
    return (response.status, String(decoding: bytes, as: UTF8.self))
  }

  @Test("A table leads to each run, their curves stand in one chart, and a run is read again only when it has gone on")
  func gallery() throws {
    let folder = Folder()
    let gallery = RunGallery(title: "runs & more") {
      ["runs/a/2", "runs/a/1", "empty"].map {
        .init(name: $0, facts: [.init("state", "complete")], version: folder.version.withLock { $0 })
      }
    } open: { name in
      folder.opened.withLock { $0.append(name) }
      return Self.run(name)
    }
    let all = try get("/", gallery)
    #expect(all.status == 200 && all.body.contains("<title>runs &amp; more"))
    #expect(all.body.contains(#"<a href="/runs/2/?still">runs/a/1</a></td><td>complete</td>"#))
    #expect(all.body.components(separatedBy: "<svg").count == 2, "one chart of both")
    #expect(all.body.contains(">runs/a/1</text>") && all.body.contains(">runs/a/2</text>"))
    #expect(try get("/runs/1/", gallery).body.contains("<title>&lt;runs/a/2&gt;"))
    #expect(try get("/runs/2/api/events", gallery).body.contains("of runs/a/1"))
    #expect(try get("/runs/2/report", gallery).body.contains("Training: loss"))
    #expect(try get("/runs/3/", gallery).status == 404)
    #expect(try get("/runs/4/", gallery).status == 404)
    #expect(try get("/runs/0/", gallery).status == 404)
    #expect(try get("/page.js", gallery).status == 200)
    #expect(folder.opened.withLock { $0 } == ["runs/a/2", "runs/a/1", "empty"])
    folder.version.withLock { $0 = "2" }
    _ = try get("/runs/1/report", gallery)
    #expect(folder.opened.withLock { $0.count } == 4)
  }

  @Test("Without the page metrics stay, with those of the run itself, and nothing else is told")
  func metricsOnly() throws {
    let metrics = try get("/metrics", nil, isPage: false)
    #expect(metrics.status == 200 && metrics.body.hasSuffix("holstream_run_info{} 1\n"))
    #expect(metrics.body.contains("holstream_edge_depth"))
    #expect(try get("/api/state", nil, isPage: false).status == 200)
    for path in ["/", "/events", "/report", "/page.js", "/best.safetensors"] {
      #expect(try get(path, nil, isPage: false).status == 404, "\(path)")
    }
  }
}
