import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A run as a service", .timeLimit(.minutes(5)))
struct ServiceManagerTests {
  /// The socket that a service manager listens to.
  private final class Socket: Sendable {
    let descriptor: Int32

    init(_ path: String) {
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
      let descriptor = descriptor
      let bound = withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      #expect(bound == 0)
    }

    deinit { close(descriptor) }

    /// Waits for a message.
    func receive() -> String {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
  }

  @Test("Nobody is told where nobody asks, and a broken address is no error")
  func absent() {
    #expect(ServiceManager(environment: [:]) == nil)
    #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
    #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]) == nil)
    ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/socket"])?.ready()
  }

  @Test("The watchdog is fed by the process that it watches, and by no other")
  func watchdog() {
    func manager(_ more: [String: String]) -> ServiceManager? {
      ServiceManager(environment: ["NOTIFY_SOCKET": "@holstream-test"].merging(more) { $1 }, process: 7)
    }
    #expect(manager([:])?.isWatching == false)
    #expect(manager(["WATCHDOG_USEC": "3000000"])?.isWatching == true)
    #expect(manager(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"])?.isWatching == true)
    #expect(manager(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"])?.isWatching == false)
    #expect(manager(["WATCHDOG_USEC": "none"])?.isWatching == false)
  }

  @Test("A run says that it is ready, where it stands and that it lives, and that it stops")
  func tells() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder.appending(path: "s").path
      let socket = Socket(path)
      let file = folder.appending(path: "pipeline.yaml")
      try Data(ProcessTests.yaml(ensembles: nil).utf8).write(to: file)
      let process = Process()
      process.executableURL = try BuiltProgram().url
      process.arguments = ["run", file.path, "--no-page", "--directory", folder.appending(path: "run").path]
      process.environment = ProcessInfo.processInfo.environment.merging(
        ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "60000000"]) { $1 }
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      #expect(socket.receive() == "READY=1")
      let status = socket.receive()
      #expect(status.hasPrefix("STATUS=") && status.contains("frames") && status.hasSuffix("\nWATCHDOG=1"))
      kill(process.processIdentifier, SIGTERM)
      var messages: [String] = []
      while messages.last != "STOPPING=1" { messages.append(socket.receive()) }
      #expect(messages.dropLast().allSatisfy { $0.hasPrefix("STATUS=") })
      // The socket takes only some messages: nobody waits for who does not read them.
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
    }
  }
}
