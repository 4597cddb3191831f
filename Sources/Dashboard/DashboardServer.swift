internal import Foundation
public import ServiceLifecycle
public import Streams

/// The live page of a run: a service that tells browsers what the hub hears, and changes nothing.
///
/// | path | what |
/// |---|---|
/// | `/` | the page |
/// | `/events` | the run's events, server-sent: first the remembered ones, then the live ones |
/// | `/?still` | the page as it is now, not following the run: for a printout |
/// | `/api/events` | the remembered events as one JSON array |
/// | `/api/state` | where the run stands, as JSON |
/// | `/metrics` | counters of the edges and the newest numbers, in Prometheus' text format |
/// | `/best.safetensors` | the best checkpoint so far |
/// | `/report` | everything so far as one HTML file without scripts |
/// | `/runs/N/` | of several runs one, with the same paths below it but `/events` |
/// | `/charts/…` | the chart library from where the system has it |
///
/// It listens on loopback unless told otherwise, and elsewhere only with a token. It has a thread of its own, and what
/// clients may cost is bounded (`HTTPLimits`): none can slow or end the run.
public struct DashboardServer: Service {
  let settings: Settings
  let events: EventHub
  let title: String
  let snapshot: @Sendable () -> GraphSnapshot
  /// More of Prometheus' lines, of the run itself.
  let metrics: @Sendable () -> String
  /// Runs of a folder that are shown side by side; nil for one run alone.
  let gallery: RunGallery?
  private let announce: @Sendable (String) -> Void
  /// What a client may cost.
  var limits = HTTPLimits()

  /// - Parameters:
  ///   - events: What the run tells; the server only listens.
  ///   - title: The page's title, such as the pipeline's name.
  ///   - snapshot: Where the graph stands, for `/metrics` and `/api/state`.
  ///   - metrics: What `/metrics` tells beside the edges and the newest numbers.
  ///   - gallery: Runs that are shown side by side in place of one.
  ///   - announce: Is told where the page is, or why there is none.
  /// - Throws: `Refused` when the address is not a number, or is not loopback and there is no token.
  public init(
    _ settings: Settings, events: EventHub, title: String = "Holstream run",
    snapshot: @escaping @Sendable () -> GraphSnapshot, metrics: @escaping @Sendable () -> String = { "" },
    gallery: RunGallery? = nil,
    announce: @escaping @Sendable (String) -> Void
  ) throws(Refused) {
    guard settings.isLoopback || settings.token != nil else {
      throw Refused(
        code: .tokenMissing,
        message:
          "the page would be open to everyone who reaches \(settings.address): add --token SECRET, or leave --address at 127.0.0.1"
      )
    }
    guard HTTPListener.isNumeric(settings.address) else {
      throw Refused(
        code: .malformedAddress,
        message: "cannot bind the page to \"\(settings.address)\": give an address in numbers, such as 127.0.0.1 or ::1"
      )
    }
    self.settings = settings
    self.events = events
    self.title = title
    self.snapshot = snapshot
    self.metrics = metrics
    self.gallery = gallery
    self.announce = announce
  }

  /// Serves until cancelled or shut down gracefully. When neither the port nor one of the next 20 can be had, that is
  /// announced, and the run goes on without a page.
  public func run() async throws {
    let last = settings.port == 0 ? 0 : min(Int(settings.port) + 20, 65535)
    for port in Int(settings.port)...last {
      do {
        return try await serve(HTTPListener(address: settings.address, port: UInt16(port)))
      } catch let failure as HTTPListener.Failure where failure.code == EADDRINUSE && port < last {
        continue
      } catch {
        announce(
          "The live page cannot be served on \(settings.address), ports \(settings.port) to \(last): \(error.localizedDescription). The run goes on; choose another --port."
        )
        break
      }
    }
    try? await gracefulShutdown()
  }

  private func serve(_ listener: HTTPListener) async throws {
    let routes = DashboardRoutes(page: self, port: listener.port)
    let server = try HTTPServer(listener, events: events, limits: limits.fitting(descriptors: HTTPLimits.descriptors)) {
      routes.response(to: $0)
    }
    tell(listener.port)
    await withTaskCancellationOrGracefulShutdownHandler {
      await server.run()
    } onCancelOrGracefulShutdown: {
      server.stop()
    }
  }

  private func tell(_ port: UInt16) {
    let host = settings.address.contains(":") ? "[\(settings.address)]" : settings.address
    let query =
      settings.token.flatMap { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) }.map { "?token=\($0)" }
      ?? ""
    let moved = settings.port != 0 && port != settings.port ? " (port \(settings.port) is in use)" : ""
    announce(
      "\(settings.isPage ? "Live page" : "Metrics"): http://\(host):\(port)/\(settings.isPage ? "" : "metrics")\(query)\(moved)"
    )
  }
}
