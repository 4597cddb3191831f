import Foundation
import Streams
import TestSupport
import Testing

@Suite("The page of a run under load", .timeLimit(.minutes(15)))
struct PageUnderLoadTests {
  @Test("A run that may have few files open outlives a crowd at its page's door, and so does the page")
  func fewDescriptors() async throws {
    let program = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      let text = """
        name: crowd
        sources:
          system: { simulate: { system: lorenz-63, trajectories: 2, frames: 64 } }
        sinks:
          store: { from: system, zarr: { path: s.zarr, chunk: 8, keep: last 4 trajectories } }
          frames: { from: system, deliver: latest, page: { every: 100ms } }
        """
      try Data(text.utf8).write(to: folder.appending(path: "p.yaml"))
      let log = folder.appending(path: "output.txt")
      _ = FileManager.default.createFile(atPath: log.path, contents: nil)
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", "ulimit -n 64; exec \"$0\" run p.yaml --directory run --port 0", program.url.path]
      process.currentDirectoryURL = folder
      process.standardOutput = try FileHandle(forWritingTo: log)
      process.standardError = process.standardOutput
      try process.run()
      defer { if process.isRunning { process.terminate() } }
      var address: URL?
      try await wait(for: folder, orEndOf: process) {
        let said = try String(contentsOf: log, encoding: .utf8)
        address = said.firstMatch(of: #/http:\S+/#).flatMap { URL(string: String($0.0)) }
        return address != nil
      }
      let url = try #require(address)
      let thread = ThreadExecutor(name: "crowd")
      defer { thread.end() }
      try await Task(executorPreference: thread) {
        // More than the process has files; none of them ever says anything.
        let crowd = try (0..<150).map { _ in try RawClient(url) }
        for client in crowd {
          let status = client.answer().status
          #expect(status == 408 || status == 503 || status == nil)
        }
        var status: Int?
        while status != 200, process.isRunning {
          let visitor = try RawClient(url)
          visitor.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
          status = visitor.answer().status
        }
        #expect(status == 200)
      }.value
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      let said = try String(contentsOf: log, encoding: .utf8)
      #expect(!said.contains("Too many open files"))
    }
  }
}
