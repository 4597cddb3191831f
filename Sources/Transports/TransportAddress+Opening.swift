internal import Foundation

extension TransportAddress {
  /// What an address needs beside itself.
  public struct Access: Sendable {
    /// What a broker asks for.
    public var token: String?
    /// A file with the certificates that are trusted.
    public var authority: String?

    public init(token: String? = nil, authority: String? = nil) {
      self.token = token
      self.authority = authority
    }
  }

  /// - Throws: `TransportError` when it cannot be used from here.
  public func open(_ access: Access = Access(), lease: Duration = .seconds(30)) throws(TransportError)
    -> any Transport
  {
    switch self {
    case .spool(let folder): try SpoolTransport(folder, lease: lease)
    case .nats(let url, let shown):
      try NATSTransport(url, shown: shown, token: access.token, authority: access.authority, lease: lease)
    }
  }
}
