import FlyingFox
import Foundation
import TestSupport
import Testing

@testable import Dashboard
@testable import Streams

@Suite("The page's routes")
struct DashboardRoutesTests {
  private let hub = EventHub()

  private func get(
    _ path: String, query: [HTTPRequest.QueryItem] = [], headers: [HTTPHeader: String] = [.host: "127.0.0.1:8480"],
    method: HTTPMethod = .GET, settings: DashboardServer.Settings = .init()
  ) async throws -> (status: Int, headers: HTTPHeaders, body: String) {
    let page = try DashboardServer(
      settings, events: hub, title: "quick <start>", snapshot: { Self.graph }, announce: { _ in })
    let request = HTTPRequest(
      method: method, version: .http11, path: path, query: query, headers: headers, body: Data())
    let response = try await DashboardRoutes(page: page).handleRequest(request)
    return (response.statusCode.code, response.headers, String(decoding: try await response.bodyData, as: UTF8.self))
  }

  static let graph = GraphSnapshot(
    nodes: [
      .init(name: "lattice", kind: "holstein", state: .running), .init(name: "store", kind: "zarr", state: .running),
    ],
    edges: [
      .init(
        from: "lattice", to: "store", delivery: "lossless",
        counters: .init(depth: 3, capacity: 8, sent: 40, received: 37, dropped: 0, secondsBlocked: 2, secondsStarved: 0)
      )
    ])

  @Test("The page, its style and its script are served, and the run's name cannot smuggle markup in")
  func page() async throws {
    let page = try await get("/")
    #expect(page.status == 200)
    #expect(page.body.contains("quick &lt;start&gt;"))
    #expect(!page.body.contains("<start>"))
    #expect(try await get("/page.css").headers[.contentType] == "text/css")
    #expect(try await get("/page.js").headers[.contentType] == "text/javascript")
    #expect(try await get("/page.html").status == 404)
  }

  @Test("The state tells the newest step, the newest verdict and who sets the pace")
  func state() async throws {
    hub.send(.training(step: 10, values: ["loss": 0.5]))
    hub.send(.training(step: 20, values: ["loss": .infinity]))
    hub.send(.verdict(checkpoint: "step-20", step: 20, values: ["RMSE Δρ": 0.01], words: "learns"))
    hub.send(.message("started"))
    let object = try JSONSerialization.jsonObject(with: Data(try await get("/api/state").body.utf8)) as? [String: Any]
    #expect(object?["step"] as? Int == 20)
    #expect((object?["training"] as? [String: Any])?["loss"] as? String == "Infinity")
    #expect(object?["words"] as? String == "learns")
    #expect(object?["messages"] as? [String] == ["started"])
    #expect(object?["bottleneck"] as? String == Self.graph.bottleneck)
  }

  @Test("Metrics are Prometheus text: counters of the edges and the newest training numbers")
  func metrics() async throws {
    hub.send(.training(step: 7, values: ["loss Δρ": 0.25]))
    let lines = try await get("/metrics").body.split(separator: "\n").map(String.init)
    #expect(lines.contains("holstream_edge_depth{from=\"lattice\",to=\"store\"} 3.0"))
    #expect(lines.contains("holstream_training_loss___ 0.25"))
    #expect(lines.contains("holstream_training_step 7"))
    for line in lines where !line.hasPrefix("#") {
      #expect(line.wholeMatch(of: #/[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? [-+0-9.eEInfNa]+/#) != nil, "\(line)")
    }
  }

  @Test("A late browser is given the history, then the end when the run ends")
  func events() async throws {
    hub.send(.training(step: 1, values: ["loss": 1]))
    hub.send(.message("two\nlines"))
    hub.finish()
    let (_, headers, body) = try await get("/events")
    #expect(headers[.contentType] == "text/event-stream")
    #expect(body.contains("event: training\ndata: {\"training\":{\"step\":1,\"values\":{\"loss\":1}}}\n\n"))
    #expect(body.contains("data: {\"message\":{\"_0\":\"two\\nlines\"}}\n\n"))
  }

  @Test("A still page is given everything remembered, at once")
  func still() async throws {
    hub.send(.training(step: 1, values: ["loss": .nan]))
    hub.send(.message("a"))
    let all = try JSONSerialization.jsonObject(with: Data(try await get("/api/events").body.utf8)) as? [[String: Any]]
    #expect(Set(try #require(all).flatMap(\.keys)) == ["training", "message"])
  }

  @Test("With a token nothing is told without it; by query once, then by cookie or header")
  func token() async throws {
    let settings = DashboardServer.Settings(address: "0.0.0.0", token: "s3cret/√")
    #expect(try await get("/", settings: settings).status == 401)
    #expect(try await get("/events", query: [.init(name: "token", value: "s3cret")], settings: settings).status == 401)
    let first = try await get("/", query: [.init(name: "token", value: "s3cret/√")], settings: settings)
    #expect(first.status == 200)
    let cookie = try #require(first.headers[.setCookie]?.split(separator: ";").first)
    #expect(try await get("/api/state", headers: [.cookie: "other=1; \(cookie)"], settings: settings).status == 200)
    #expect(try await get("/api/state", headers: [.authorization: "Bearer s3cret/√"], settings: settings).status == 200)
    #expect(try await get("/api/state", headers: [.authorization: "Bearer "], settings: settings).status == 401)
  }

  @Test("Without a token a foreign host name is refused, and so is writing")
  func foreign() async throws {
    #expect(try await get("/", headers: [.host: "evil.example:8480"]).status == 403)
    #expect(try await get("/", headers: [.host: "localhost:8480"]).status == 200)
    #expect(try await get("/", method: .POST).status == 405)
  }

  @Test("A missing chart library is answered with the package to install")
  func chartLibrary() async throws {
    let missing = try await get("/charts/dygraph.min.js", settings: .init(charts: URL(filePath: "/nonexistent")))
    #expect(missing.status == 404)
    #expect(missing.body.contains("libjs-dygraphs"))
    #expect(try await get("/charts/../../../etc/passwd").status == 404)
  }

  @Test("Beyond loopback a token is asked for, and an address must be a number")
  func refusedOptions() throws {
    func serve(_ settings: DashboardServer.Settings) throws {
      _ = try DashboardServer(settings, events: hub, snapshot: { Self.graph }, announce: { _ in })
    }
    let open = #expect(throws: DashboardServer.Refused.self) { try serve(.init(address: "0.0.0.0")) }
    #expect(open?.code == .tokenMissing)
    let empty = #expect(throws: DashboardServer.Refused.self) { try serve(.init(address: "::", token: "")) }
    #expect(empty?.code == .tokenMissing)
    let words = #expect(throws: DashboardServer.Refused.self) { try serve(.init(address: "my host", token: "t")) }
    #expect(words?.code == .malformedAddress)
    try serve(.init(address: "localhost"))
  }
}
