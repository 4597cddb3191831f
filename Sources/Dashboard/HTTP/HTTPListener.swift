import Foundation

/// A socket that listens; closed with the object.
final class HTTPListener: Sendable {
  struct Failure: Error, LocalizedError {
    let code: Int32
    var errorDescription: String? { String(cString: strerror(code)) }
  }

  let descriptor: Int32
  /// The port that was bound, where any was asked for.
  let port: UInt16

  /// Whether `address` is an IPv4 or IPv6 address in numbers.
  static func isNumeric(_ address: String) -> Bool {
    var bytes = in6_addr()
    return inet_pton(address.contains(":") ? AF_INET6 : AF_INET, address, &bytes) == 1
  }

  /// - Parameter port: 0 for any.
  /// - Throws: `Failure` with the system's code, such as `EADDRINUSE`.
  init(address: String, port: UInt16) throws(Failure) {
    let isLong = address.contains(":")
    let descriptor = socket(isLong ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    Self.prepare(descriptor)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let bound: Int32
    if isLong {
      var name = sockaddr_in6()
      name.sin6_family = sa_family_t(AF_INET6)
      name.sin6_port = port.bigEndian
      inet_pton(AF_INET6, address, &name.sin6_addr)
      bound = Self.bind(descriptor, name)
    } else {
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_port = port.bigEndian
      inet_pton(AF_INET, address, &name.sin_addr)
      bound = Self.bind(descriptor, name)
    }
    guard bound == 0, listen(descriptor, 128) == 0 else {
      let code = errno
      close(descriptor)
      throw Failure(code: code)
    }
    // The port stands at the same place in both kinds of name.
    var name = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    _ = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    self.port = UInt16(bigEndian: name.sin6_port)
    self.descriptor = descriptor
  }

  /// Calls on the descriptor never wait, and programs that are started do not inherit it.
  static func prepare(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  private static func bind<Name>(_ descriptor: Int32, _ name: Name) -> Int32 {
    withUnsafePointer(to: name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
      }
    }
  }

  deinit { close(descriptor) }
}
