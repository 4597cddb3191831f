import Foundation
import TestSupport
import Testing

@testable import Dashboard
@testable import Streams

@Suite("The page's routes")
struct DashboardRoutesTests {
  private let hub = EventHub()

  private static let chart = RunEvent.Chart(section: "Training", title: "loss", x: .init("step"), y: .init("loss"))

  func get(
    _ path: String, query: [String: String] = [:], headers: [String: String] = ["host": "127.0.0.1:8480"],
    method: String = "GET", settings: DashboardServer.Settings = .init()
  ) throws -> (status: Int, response: HTTPResponse, body: String) {
    let page = try DashboardServer(
      settings, events: hub, title: "quick <start>", snapshot: { Self.graph }, announce: { _ in })
    let request = HTTPRequest(method: method, path: path, query: query, headers: headers.mapValues { [$0] })
    let response = DashboardRoutes(page: page, port: settings.port).response(to: request)
    let bytes: [UInt8] =
      switch response.body {
      case .bytes(let bytes): bytes
      case .file(let file): file.read(from: 0, atMost: file.size) ?? []
      case .events: []
      }
    return (response.status, response, String(decoding: bytes, as: UTF8.self))
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
  func page() throws {
    let page = try get("/")
    #expect(page.status == 200)
    #expect(page.body.contains("quick &lt;start&gt;"))
    #expect(!page.body.contains("<start>"))
    #expect(try get("/page.css").response["Content-Type"] == "text/css")
    #expect(try get("/page.js").response["Content-Type"] == "text/javascript")
    #expect(try get("/page.html").status == 404)
  }

  @Test("Page and script know no physics: every name comes with the events")
  func noPhysics() throws {
    for path in ["/", "/page.js", "/charts.js", "/stages.js"] {
      let body = try get(path).body
      #expect(body.firstMatch(of: #/Δ|ρ|(?i:rho|autocorrelation|rollout|trajectory)|_0/#) == nil, "\(path)")
    }
  }

  @Test("The best checkpoint is handed out as a file, once there is one")
  func best() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "best-by-climate.safetensors")
      #expect(try get("/best.safetensors").status == 404)
      #expect(try get("/best.safetensors", settings: .init(best: file)).status == 404)
      try Data("weights".utf8).write(to: file)
      let had = try get("/best.safetensors", settings: .init(best: file))
      #expect(had.status == 200 && had.body == "weights")
      #expect(had.response["Content-Disposition"] == "attachment; filename=\"best.safetensors\"")
      #expect(try get("/best.safetensors", settings: .init(best: folder)).status == 404)
      #expect(try get("/best.safetensors", settings: .init(token: "t", best: file)).status == 401)
    }
  }

  @Test("Checkpoints are handed out by their names, to who has the token; no path is one")
  func checkpoints() async throws {
    try await withTemporaryDirectory { folder in
      let checkpoints = folder.appending(path: "checkpoints")
      try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
      try Data("weights".utf8).write(to: checkpoints.appending(path: "step-00000012.safetensors"))
      try Data("secret".utf8).write(to: folder.appending(path: "secret.safetensors"))
      let path = "/checkpoints/step-00000012.safetensors"
      #expect(try get(path).status == 404)
      let had = try get(path, settings: .init(isPage: false, checkpoints: checkpoints))
      #expect(had.status == 200 && had.body == "weights")
      #expect(try get(path, settings: .init(token: "t", checkpoints: checkpoints)).status == 401)
      for name in ["../secret.safetensors", "..%2Fsecret.safetensors", "", "step-1.safetensors", "step-x.safetensors"] {
        #expect(try get("/checkpoints/" + name, settings: .init(checkpoints: checkpoints)).status == 404)
      }
    }
  }

  @Test("The state tells where the training is, the newest rows and points and who sets the pace")
  func state() throws {
    hub.send(.point(Self.chart, x: 10, values: ["loss": 0.5]))
    hub.send(.point(Self.chart, x: 20, values: ["loss": .infinity]))
    hub.send(.progress(.init(step: 21, total: 100, loss: .infinity, rate: 3)))
    hub.send(.row(.init(table: "Verdicts", key: "step-20", values: [.init("RMSE", 0.01)], explanation: "learns")))
    hub.send(.message("started"))
    let state = try JSONSerialization.jsonObject(with: Data(try get("/api/state").body.utf8)) as? [String: Any]
    func member(_ path: String...) -> Any? { path.reduce(state as Any?) { ($0 as? [String: Any])?[$1] } }
    #expect(member("progress", "step") as? Int == 21)
    #expect(member("progress", "loss") as? String == "Infinity")
    #expect(member("points", "loss", "x") as? Int == 20)
    #expect(member("rows", "Verdicts", "explanation") as? String == "learns")
    #expect(member("messages") as? [String] == ["started"])
    #expect(member("bottleneck") as? String == Self.graph.bottleneck)
  }

  @Test("Metrics are Prometheus text: counters of the edges and the newest numbers")
  func metrics() throws {
    hub.send(.progress(.init(step: 7, total: 9, loss: .nan, rate: 2)))
    hub.send(.point(Self.chart, x: 1, values: ["a \"quoted\" line": 0.25]))
    hub.send(.row(.init(table: "Verdicts", key: "k", values: [.init("RMSE Δ", .infinity)])))
    let lines = try get("/metrics").body.split(separator: "\n").map(String.init)
    #expect(lines.contains("holstream_edge_depth{from=\"lattice\",to=\"store\"} 3.0"))
    #expect(lines.contains("holstream_training_step 7.0"))
    #expect(lines.contains("holstream_training_loss NaN"))
    #expect(lines.contains(#"holstream_point{chart="loss",line="a \"quoted\" line"} 0.25"#))
    #expect(lines.contains(#"holstream_row{table="Verdicts",column="RMSE Δ"} +Inf"#))
    for line in lines where !line.hasPrefix("#") {
      #expect(line.wholeMatch(of: #/[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eEInfNa]+/#) != nil, "\(line)")
    }
  }

  @Test("A browser that follows the run is given events")
  func events() throws {
    let response = try get("/events").response
    #expect(response.body == .events)
    #expect(response["Content-Type"] == "text/event-stream")
  }

  @Test("A still page is given everything remembered, at once")
  func still() throws {
    hub.send(.point(Self.chart, x: 1, values: ["loss": .nan]))
    hub.send(.message("a"))
    let all = try JSONSerialization.jsonObject(with: Data(try get("/api/events").body.utf8)) as? [[String: Any]]
    #expect(try #require(all).map { $0["kind"] as? String } == ["point", "message"])
  }

  @Test("With a token nothing is told without it; by query once, then by cookie or header")
  func token() throws {
    let settings = DashboardServer.Settings(address: "0.0.0.0", token: "s3cret/√")
    #expect(try get("/", settings: settings).status == 401)
    #expect(try get("/events", query: ["token": "s3cret"], settings: settings).status == 401)
    let first = try get("/", query: ["token": "s3cret/√"], settings: settings)
    #expect(first.status == 200)
    let cookie = try #require(first.response["Set-Cookie"]?.split(separator: ";").first)
    #expect(try get("/api/state", headers: ["cookie": "other=1; \(cookie)"], settings: settings).status == 200)
    #expect(try get("/api/state", headers: ["authorization": "Bearer s3cret/√"], settings: settings).status == 200)
    #expect(try get("/api/state", headers: ["authorization": "Bearer "], settings: settings).status == 401)
  }

  @Test("Without a token a foreign host name is refused, and so is writing")
  func foreign() throws {
    #expect(try get("/", headers: ["host": "evil.example:8480"]).status == 403)
    #expect(try get("/", headers: ["host": "localhost:8480"]).status == 200)
    #expect(try get("/", method: "POST").status == 405)
  }

  @Test("A missing chart library is answered with the package to install")
  func chartLibrary() throws {
    let missing = try get("/charts/dygraph.min.js", settings: .init(charts: URL(filePath: "/nonexistent")))
    #expect(missing.status == 404)
    #expect(missing.body.contains("libjs-dygraphs"))
    #expect(try get("/charts/../../../etc/passwd").status == 404)
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
