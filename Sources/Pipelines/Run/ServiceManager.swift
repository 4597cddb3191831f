internal import Foundation

/// The service manager that started the program, told where it stands by the protocol of `sd_notify` (systemd): datagrams of
/// `KEY=value` lines to the socket that NOTIFY_SOCKET names.
///
/// What cannot be sent is dropped: a run does not end because nobody listens.
final class ServiceManager: Sendable {
  private let address: [UInt8]
  private let descriptor: Int32
  /// Whether it ends a program that it does not hear of in time.
  let isWatching: Bool

  /// Nil where the environment names no manager.
  /// - Parameter process: Who is watched, where WATCHDOG_PID names one.
  init?(environment: [String: String] = ProcessInfo.processInfo.environment, process: Int32 = getpid()) {
    // An address in the file system, or an abstract one, which begins with `@`.
    guard let name = environment["NOTIFY_SOCKET"], let first = name.utf8.first,
      first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.utf8.count < 108
    else { return nil }
    address = (first == UInt8(ascii: "@") ? [0] : [first]) + name.utf8.dropFirst()
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    isWatching =
      (environment["WATCHDOG_USEC"].flatMap { Int($0) } ?? 0) > 0
      && environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
  }

  deinit { close(descriptor) }

  /// The run is going on.
  func ready() { tell(["READY=1"]) }

  /// Where it stands, in words; and that it lives, where that is asked for.
  func status(_ words: String) {
    // A line break would begin another key.
    tell(["STATUS=\(words.replacing("\n", with: " "))"] + (isWatching ? ["WATCHDOG=1"] : []))
  }

  /// It comes to its end.
  func stopping() { tell(["STOPPING=1"]) }

  private func tell(_ lines: [String]) {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: address) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
    let message = Array(lines.joined(separator: "\n").utf8)
    withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
      }
    }
  }
}
