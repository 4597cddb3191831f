import Foundation

/// A web server of a test's own, on loopback: takes one request at a time, whole, and answers with a status.
final class OneRequestListener: Sendable {
  private let descriptor: Int32
  let port: UInt16

  struct Failure: Error {}

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let bound = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 4) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    port = UInt16(bigEndian: name.sin_port)
    guard bound else { throw Failure() }
  }

  deinit { close(descriptor) }

  /// Waits for a request, and answers it.
  /// - Returns: Its head and its body.
  func take(answering status: String = "200 OK") throws -> (head: String, body: Data) {
    let connection = accept(descriptor, nil, nil)
    guard connection >= 0 else { throw Failure() }
    defer { close(connection) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let head = String(text[..<end.lowerBound])
        let length = head.firstMatch(of: #/(?i)content-length: (\d+)/#).flatMap { Int($0.1) } ?? 0
        let start = head.utf8.count + 4
        if bytes.count >= start + length {
          let answer = Array("HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
          _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
          return (head, Data(bytes[start..<(start + length)]))
        }
      }
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { throw Failure() }
      bytes += buffer[..<count]
    }
  }
}
