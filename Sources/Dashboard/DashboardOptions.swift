public import Foundation

/// Where the page is served, and to whom.
public struct DashboardOptions: Sendable {
  /// The first port to try; the next free one is taken when it is in use. 0 takes any.
  public var port: UInt16
  /// The address to bind, an IPv4 or IPv6 number. Anything beyond loopback needs a `token`.
  public var address: String
  /// What a browser must show before it is told anything.
  public var token: String?
  /// The folder with `dygraph.min.js` and `dygraph.min.css`, where Debian's package libjs-dygraphs puts them.
  public var chartLibrary: URL

  public init(
    port: UInt16 = 8480, address: String = "127.0.0.1", token: String? = nil,
    chartLibrary: URL = URL(filePath: "/usr/share/javascript/dygraphs")
  ) {
    self.port = port
    self.address = address
    self.token = token
    self.chartLibrary = chartLibrary
  }

  var isLoopback: Bool { address == "::1" || address.hasPrefix("127.") }
}
