public import Foundation

/// Where work is exchanged: `spool:/a/shared/folder`, or `nats://host:4222` (`tls://…` for an encrypted connection).
public enum TransportAddress: Sendable, Equatable {
  case spool(URL)
  case nats(url: String, shown: String)

  /// - Throws: `TransportError.address` with what an address looks like.
  public init(_ text: String) throws(TransportError) {
    if text.hasPrefix("spool:") {
      let path = String(text.dropFirst(6))
      guard path.hasPrefix("/") else {
        throw TransportError(
          .address, "`\(text)` is no address: a spool is an absolute path, such as spool:/shared/work")
      }
      self = .spool(URL(filePath: path, directoryHint: .isDirectory))
      return
    }
    guard let url = URL(string: text), let scheme = url.scheme, ["nats", "tls"].contains(scheme), let host = url.host(),
      !host.isEmpty, ["", "/"].contains(url.path)
    else {
      throw TransportError(
        .address, "`\(Self.withoutSecret(text))` is no address; give nats://HOST:4222, tls://HOST:4222 or spool:/FOLDER"
      )
    }
    self = .nats(url: text, shown: "\(scheme)://\(host)" + (url.port.map { ":\($0)" } ?? ""))
  }

  /// What stands before an @ may be a password.
  private static func withoutSecret(_ text: String) -> String {
    text.split(separator: "@").last.map(String.init) ?? text
  }
}
