public import Foundation

extension DashboardServer {
  /// Where the page is served, and to whom.
  public struct Settings: Sendable {
    /// The address to bind, an IPv4 or IPv6 number or `localhost`. Anything beyond loopback needs a `token`.
    public var address: String
    /// The first port to try; the next free one is taken when it is in use. 0 takes any.
    public var port: UInt16
    /// What a browser must show before it is told anything.
    public var token: String?
    /// The folder with `dygraph.min.js` and `dygraph.min.css`, where Debian's package libjs-dygraphs puts them.
    public var charts: URL
    /// The best checkpoint, to be had under `/best.safetensors`; nil where there are none.
    public var best: URL?

    /// The folder of checkpoints, each to be had under `/checkpoints/NAME`; nil where there are none.
    public var checkpoints: URL?

    /// Whether there is a page; else only `/metrics` and `/api/state` are served.
    public var isPage: Bool

    public init(
      address: String = "127.0.0.1", port: UInt16 = 8480, token: String? = nil,
      charts: URL = URL(filePath: "/usr/share/javascript/dygraphs"), best: URL? = nil,
      isPage: Bool = true, checkpoints: URL? = nil
    ) {
      self.checkpoints = checkpoints
      self.isPage = isPage
      self.best = best
      self.address = address == "localhost" ? "127.0.0.1" : address
      self.port = port
      self.token = token.flatMap { $0.isEmpty ? nil : $0 }
      self.charts = charts
    }

    var isLoopback: Bool { address == "::1" || address.hasPrefix("127.") }
  }
}
