internal import FlyingFox
internal import FlyingSocks
public import Foundation
public import ServiceLifecycle
public import Streams

/// The live page of a run, on a loopback address unless a token guards it.
///
/// Routes: `/` the page, `/events` run events as server-sent JSON, `/api/state` the newest events as one JSON array,
/// `/metrics` the graph's counters for Prometheus, `/charts/…` the chart library from where Debian puts it.
public struct DashboardServer: Service {
  public struct Settings: Sendable {
    public var address: String
    public var port: UInt16
    public var token: String?
    /// Folder of dygraphs.
    public var charts: URL

    public init(
      address: String = "127.0.0.1", port: UInt16 = 8480, token: String? = nil,
      charts: URL = URL(filePath: "/usr/share/javascript/dygraphs")
    ) {
      self.address = address
      self.port = port
      self.token = token
      self.charts = charts
    }
  }

  public struct Refused: Error, CustomStringConvertible {
    public let description: String
  }

  private let settings: Settings
  private let events: EventHub
  private let snapshot: @Sendable () -> GraphSnapshot
  private let announce: @Sendable (String) -> Void

  /// - Parameters:
  ///   - snapshot: Where the graph stands, for `/metrics`.
  ///   - announce: Is told where the page is, or why there is none.
  /// - Throws: `Refused` for an address beyond loopback without a token.
  public init(
    _ settings: Settings, events: EventHub, snapshot: @escaping @Sendable () -> GraphSnapshot,
    announce: @escaping @Sendable (String) -> Void
  ) throws {
    let isLoopback = settings.address.hasPrefix("127.") || settings.address == "::1" || settings.address == "localhost"
    guard isLoopback || !(settings.token ?? "").isEmpty else {
      throw Refused(
        description:
          "the page would be open to everyone who reaches \(settings.address); add --token SECRET, or leave --address at 127.0.0.1"
      )
    }
    self.settings = settings
    self.events = events
    self.snapshot = snapshot
    self.announce = announce
  }

  /// Serves until the run ends. A port in use is passed over for the next of ten; a page that cannot be served is said
  /// and does not end the run.
  public func run() async throws {
    let ports = settings.port == 0 ? [0] : (0..<10).map { settings.port &+ $0 }
    for port in ports {
      do {
        let server = try server(port: port)
        await addRoutes(to: server)
        try await serve(server)
        return
      } catch is CancellationError {
        return
      } catch  where port != ports.last {
        continue
      } catch {
        announce(
          "The live page cannot be served on \(settings.address), ports \(ports[0]) to \(ports[ports.count - 1]): \(error). The run goes on; choose another --port."
        )
      }
    }
    try? await gracefulShutdown()
  }

  private func serve(_ server: HTTPServer) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask {
        try await server.waitUntilListening()
        if case .ip4(_, let port)? = await server.listeningAddress { announce(link(port)) }
        if case .ip6(_, let port)? = await server.listeningAddress { announce(link(port)) }
        try await gracefulShutdown()
        await server.stop(timeout: 1)
      }
      defer { group.cancelAll() }
      do { for try await _ in group {} } catch  where Task.isShuttingDownGracefully {}
    }
  }

  private func link(_ port: UInt16) -> String {
    let host = settings.address.contains(":") ? "[\(settings.address)]" : settings.address
    return "Live page: http://\(host):\(port)/" + (settings.token.map { "?token=\($0)" } ?? "")
  }

  private func server(port: UInt16) throws -> HTTPServer {
    settings.address.contains(":")
      ? HTTPServer(address: try sockaddr_in6.inet6(ip6: settings.address, port: port), logger: .disabled)
      : HTTPServer(
        address: try sockaddr_in.inet(
          ip4: settings.address == "localhost" ? "127.0.0.1" : settings.address, port: port), logger: .disabled)
  }

  private func addRoutes(to server: HTTPServer) async {
    let (settings, events, snapshot) = (settings, events, snapshot)
    func route(_ pattern: String, _ respond: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) async {
      await server.appendRoute(HTTPRoute(stringLiteral: pattern)) { request in
        if let token = settings.token {
          let given = request.query.first { $0.name == "token" }?.value
          guard given == token else {
            return HTTPResponse(statusCode: .unauthorized, body: Data("Add ?token=… to the address.\n".utf8))
          }
        }
        return try await respond(request)
      }
    }
    await route("GET /") { _ in Self.response("text/html; charset=utf-8", Data(PackageResources.index_html)) }
    await route("GET /events") { _ in
      HTTPResponse(
        statusCode: .ok, headers: [.contentType: "text/event-stream", HTTPHeader("Cache-Control"): "no-cache"],
        body: HTTPBodySequence(from: ServerSentEvents(events: events)))
    }
    await route("GET /api/state") { _ in Self.response("application/json", try RunEventJSON.encode(events.history)) }
    await route("GET /metrics") { _ in Self.response("text/plain; version=0.0.4", Data(snapshot().prometheus.utf8)) }
    await route("GET /charts/*") { request in
      // Only the two files that the page needs; no path of a request ever reaches the file system.
      guard let name = ["dygraph.min.js", "dygraph.min.css"].first(where: { request.path == "/charts/\($0)" }),
        let data = try? Data(contentsOf: settings.charts.appending(path: name))
      else { return HTTPResponse(statusCode: .notFound) }
      return Self.response(name.hasSuffix("js") ? "text/javascript" : "text/css", data)
    }
  }

  private static func response(_ type: String, _ body: Data) -> HTTPResponse {
    HTTPResponse(statusCode: .ok, headers: [.contentType: type], body: body)
  }
}
