import Foundation
import Pipelines
import TestSupport
import Testing

@Suite("The process and what it was started with", .timeLimit(.minutes(5)))
struct ProcessTests {
  let holstream: BuiltProgram
  init() throws { holstream = try BuiltProgram() }

  /// Lorenz frames into a store; without `ensembles` for ever.
  static func yaml(ensembles: Int?) -> String {
    """
    name: plain
    sources:
      lattice:
        simulate: { system: lorenz-63, trajectories: 2, frames: 40\(ensembles.map { ", ensembles: \($0)" } ?? "") }
    sinks:
      store: { from: lattice, zarr: { path: trajectories.zarr, chunk: 8 } }
    """
  }

  private func pipeline(in folder: URL, ensembles: Int? = 1) throws -> String {
    let file = folder.appending(path: "plain.yaml")
    try Data(Self.yaml(ensembles: ensembles).utf8).write(to: file)
    return file.path
  }

  /// Runs the program from a shell: `script` has its path as `$0` and the arguments as `$@`.
  private func shell(_ script: String, _ arguments: String...) throws -> (status: Int32, output: String) {
    try run(URL(filePath: "/bin/sh"), ["-c", script, holstream.url.path] + arguments)
  }

  @Test(
    "A run does not need its standard streams: closed or full, what it would say is dropped",
    arguments: ["2>&-", "2>/dev/full", ">/dev/full", "<&- >&- 2>&-"])
  func streams(redirection: String) async throws {
    try await withTemporaryDirectory { folder in
      let out = folder.appending(path: "out")
      let (status, _) = try shell(
        "\"$0\" \"$@\" \(redirection)", "run", try pipeline(in: folder), "--no-page", "--directory", out.path)
      #expect(status == 0)
      let sound = try holstream("inspect", "--verify", out.appending(path: "trajectories.zarr").path)
      #expect(sound.status == 0, "no message got into a file of the store: \(sound.output)")
    }
  }

  @Test("A command whose result is what it prints says when that cannot be written: 73")
  func result() throws {
    let (status, output) = try shell("\"$0\" systems 2>&1 >/dev/full")
    #expect(status == 73)
    #expect(output.contains("standard output cannot be written"))
  }

  @Test("Following a log ends with whoever reads it, quietly")
  func follow() async throws {
    try await withTemporaryDirectory { folder in
      let out = folder.appending(path: "out")
      #expect(
        try holstream("run", try pipeline(in: folder), "--no-page", "--directory", out.path).status == 0)
      let store = out.appending(path: "trajectories.zarr").path
      let log = folder.appending(path: "log.jsonl")
      try Data("no line of ours\n".utf8).write(to: log)
      let (_, output) = try shell("{ \"$0\" tail \"$1\"; echo $? >\"$1.status\"; } 2>&1 | head -n 1", log.path)
      #expect(output.contains("is not a line"))
      #expect(try String(contentsOfFile: log.path + ".status", encoding: .utf8) == "0\n")
      #expect(try shell("\"$0\" inspect --follow \"$@\" | head -n 1", store).status == 0)
    }
  }

  @Test("A closed terminal, Ctrl-C and SIGTERM are the same clean stop: 130", arguments: [SIGHUP, SIGINT, SIGTERM])
  func stop(signal: Int32) async throws {
    try await withTemporaryDirectory { folder in
      let out = folder.appending(path: "out")
      let process = Process()
      let pipe = Pipe()
      process.executableURL = holstream.url
      process.arguments = ["run", try pipeline(in: folder, ensembles: nil), "--no-page", "--directory", out.path]
      process.standardError = pipe
      try process.run()
      // Its first words: it listens by then. A signal of a pipe is no reason to stop.
      var said = pipe.fileHandleForReading.availableData
      kill(process.processIdentifier, SIGPIPE)
      kill(process.processIdentifier, signal)
      said += pipe.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 130)
      #expect(String(decoding: said, as: UTF8.self).contains("Stopped cleanly"))
      // It may have been stopped before there was a frame.
      let store = out.appending(path: "trajectories.zarr").path
      if FileManager.default.fileExists(atPath: store) {
        #expect(try holstream("inspect", "--verify", store).status == 0)
      }
    }
  }

  @Test("The second signal ends the program, but not the echo of the first")
  func requests() {
    var requests = StopRequests()
    let start = ContinuousClock.now
    #expect(requests.take(at: start) == .stop)
    #expect(requests.take(at: start + .milliseconds(400)) == .nothing)
    #expect(requests.take(at: start + .seconds(2)) == .end)
  }
}
