internal import FlyingFox
internal import FlyingSocks
public import Foundation
public import ServiceLifecycle
public import Streams

/// The live page of a run: a service that tells browsers what the hub hears, and changes nothing.
///
/// | path | what |
/// |---|---|
/// | `/` | the page |
/// | `/events` | the run's events, server-sent: first the remembered ones, then the live ones |
/// | `/api/state` | where the run stands, as JSON |
/// | `/metrics` | counters of the edges and the newest training numbers, in Prometheus' text format |
/// | `/report` | everything so far as one HTML file without scripts |
/// | `/charts/…` | the chart library from where the system has it |
///
/// It listens on loopback unless told otherwise, and elsewhere only with a token.
public struct DashboardServer: Service {
  public let name: String
  public private(set) var options: DashboardOptions
  let hub: EventHub
  let graph: (@Sendable () -> GraphSnapshot)?
  let announce: @Sendable (URL, String) -> Void

  /// - Parameters:
  ///   - name: The run's name, for the page's title.
  ///   - graph: The state of the stages; asked once a second and passed on through the hub.
  ///   - announce: Called once when the page can be opened, with its address and a sentence for the user.
  /// - Throws: `DashboardError` when the address is not a number, or is not loopback and no token is given.
  public init(
    name: String, hub: EventHub, graph: (@Sendable () -> GraphSnapshot)? = nil, options: DashboardOptions = DashboardOptions(),
    announce: @escaping @Sendable (URL, String) -> Void = { _, _ in }
  ) throws(DashboardError) {
    guard options.isLoopback || !(options.token ?? "").isEmpty else {
      throw DashboardError(
        code: .tokenMissing,
        message: "the page would be open to everyone who reaches \(options.address): give a token (--token), or bind 127.0.0.1 and use ssh -L")
    }
    do { _ = try Self.socketAddress(options.address, 0) } catch {
      throw DashboardError(
        code: .malformedAddress, message: "cannot bind the page to \"\(options.address)\": give an address in numbers, such as 127.0.0.1 or ::1")
    }
    self.name = name
    self.hub = hub
    self.graph = graph
    self.options = options
    if options.token?.isEmpty ?? false { self.options.token = nil }
    self.announce = announce
  }

  /// Serves until cancelled or shut down gracefully.
  /// - Throws: `DashboardError` when neither the port nor one of the next 20 is free.
  public func run() async throws {
    let last = options.port == 0 ? 0 : min(Int(options.port) + 20, 65535)
    for port in Int(options.port)...last {
      do {
        return try await serve(on: UInt16(port))
      } catch SocketError.failed(_, EADDRINUSE, _) {
        continue
      }
    }
    throw DashboardError(
      code: .noFreePort, message: "ports \(options.port) to \(last) of \(options.address) are all in use: give another with --port, or 0 for any")
  }

  private func serve(on port: UInt16) async throws {
    let server = HTTPServer(address: try Self.socketAddress(options.address, port), logger: .disabled, handler: DashboardRoutes(page: self))
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          do { try await server.run() } catch {
            // Closing the listening socket is how the server is stopped.
            if case SocketError.failed(_, EADDRINUSE, _) = error { throw error }
            if await server.listeningAddress != nil { throw error }
          }
        }
        group.addTask {
          try await server.waitUntilListening(timeout: 60)
          tell(await server.listeningAddress)
          try await reportGraph()
        }
        // The page ends with its server, whichever way that ends.
        defer { group.cancelAll() }
        try await group.next()
      }
    } onGracefulShutdown: {
      hub.finish()
      Task { await server.stop(timeout: 1) }
    }
  }

  private func reportGraph() async throws {
    while true {
      if let snapshot = graph?() { hub.send(.graph(snapshot, bottleneck: snapshot.bottleneck)) }
      try await Task.sleep(for: .seconds(1))
    }
  }

  private func tell(_ address: Socket.Address?) {
    let port: UInt16
    switch address {
    case .ip4(_, let bound), .ip6(_, let bound): port = bound
    default: return
    }
    let host = options.address.contains(":") ? "[\(options.address)]" : options.address
    let query = options.token.flatMap { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) }.map { "?token=\($0)" } ?? ""
    guard let url = URL(string: "http://\(host):\(port)/\(query)") else { return }
    let moved = options.port != 0 && port != options.port ? " (port \(options.port) is in use)" : ""
    announce(url, "the page of this run is at \(url.absoluteString)\(moved)")
  }

  private static func socketAddress(_ address: String, _ port: UInt16) throws -> any SocketAddress {
    address.contains(":") ? try sockaddr_in6.inet6(ip6: address, port: port) : try sockaddr_in.inet(ip4: address, port: port)
  }
}
