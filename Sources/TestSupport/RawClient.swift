public import Foundation

/// A connection to a page that sends what no browser would.
public final class RawClient {
  public struct Failure: Error {}

  private let descriptor: Int32
  private var received: [UInt8] = []

  /// - Throws: `Failure` when nobody listens.
  public init(_ url: URL) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(url.port ?? 0).bigEndian
    inet_pton(AF_INET, url.host() ?? "", &name.sin_addr)
    let connected = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure() }
  }

  deinit { close(descriptor) }

  /// Sends all of it, or as much as is taken before the server ends the connection.
  public func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Has nothing more to send, which the server is told.
  public func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Waits until `text` has come.
  public func read(until text: String) {
    while String(decoding: received, as: UTF8.self).range(of: text) == nil, receive() {}
  }

  /// Waits for the end of the connection.
  public func answer() -> (status: Int?, body: String) {
    while receive() {}
    let text = String(decoding: received, as: UTF8.self)
    let status = text.firstMatch(of: #/^HTTP\/1\.1 (\d+) /#).flatMap { Int($0.1) }
    return (status, text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "")
  }

  /// Sends `text` a byte at a time, a new one only when nothing has come back for some time, until something has.
  /// - Returns: Bytes that were sent.
  public func drip(_ text: String, every milliseconds: Int32) -> Int {
    var sent = 0
    for byte in text {
      send(String(byte))
      sent += 1
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&polled, 1, milliseconds) > 0 { break }
    }
    return sent
  }

  private func receive() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    received += buffer[..<count]
    return true
  }
}
