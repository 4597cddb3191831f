public import Foundation
internal import Synchronization

/// A NATS server with JetStream on loopback, for tests.
public struct NATSBroker: Sendable {
  private let process: Int32
  public let port: Int
  public var url: String { "nats://127.0.0.1:\(port)" }

  private static let program = "/usr/sbin/nats-server"
  private static let library = "/usr/lib/x86_64-linux-gnu/libnats.so.3.4"

  /// Whether Debian's nats-server and its client library are installed.
  public static let isHere =
    FileManager.default.isExecutableFile(atPath: program)
    && (FileManager.default.fileExists(atPath: library)
      || FileManager.default.fileExists(atPath: "/usr/lib/aarch64-linux-gnu/libnats.so.3.4"))

  /// Starts one, and returns when it listens.
  /// - Parameters:
  ///   - folder: Where it keeps everything.
  ///   - port: Any free one when nil.
  public init(in folder: URL, port: Int? = nil, arguments: [String] = []) async throws {
    let ports = folder.appending(path: "ports-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: ports, withIntermediateDirectories: true)
    let process = Process()
    process.executableURL = URL(filePath: Self.program)
    process.arguments =
      ["-a", "127.0.0.1", "-p", "\(port ?? -1)", "-js", "-sd", folder.path, "--ports_file_dir", ports.path] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    var found: Int?
    await wait(for: ports, orEndOf: process) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: ports.path)) ?? [] {
        let content = (try? Data(contentsOf: ports.appending(path: name))) ?? Data()
        guard let object = try? JSONSerialization.jsonObject(with: content) as? [String: Any],
          let addresses = object["nats"] as? [String], let address = addresses.first
        else { continue }
        found = URL(string: address)?.port
      }
      return found != nil
    }
    guard let found else { throw DidNotStart() }
    self.process = process.processIdentifier
    self.port = found
  }

  /// Ends it by SIGKILL, and returns when it has ended.
  public func kill() {
    Foundation.kill(process, SIGKILL)
    // Foundation reaps it; a process that is gone takes no signal.
    var remaining = 1000
    while Foundation.kill(process, 0) == 0, remaining > 0 {
      usleep(5000)
      remaining -= 1
    }
  }

  struct DidNotStart: Error, CustomStringConvertible { let description = "nats-server did not start" }

  /// Begun once, by whoever asks first.
  private static let common = Task {
    let folder = FileManager.default.temporaryDirectory.appending(path: "holstream-nats-\(getpid())")
    let broker = try await NATSBroker(in: folder)
    endAtExit(broker.process)
    return broker
  }

  /// One for all tests of a process that share it; it ends with the process.
  public static func shared() async throws -> NATSBroker { try await common.value }

  private static let ending = Mutex<[Int32]>([])
  private static func endAtExit(_ process: Int32) {
    ending.withLock { $0.append(process) }
    atexit {
      for process in NATSBroker.ending.withLock({ $0 }) { Foundation.kill(process, SIGKILL) }
      try? FileManager.default.removeItem(
        at: FileManager.default.temporaryDirectory.appending(path: "holstream-nats-\(getpid())"))
    }
  }
}
