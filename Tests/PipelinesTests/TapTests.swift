import Foundation
import FoundationNetworking
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A run is tapped from another process")
struct TapTests {
  @Test("What passes is told while the run goes on, and the run ends with the bits that it has without")
  func tap() async throws {
    let holstream = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "small.yaml")
      try SmallPipeline.yaml().replacing("until: train\n", with: "").write(to: file, atomically: true, encoding: .utf8)
      let run = RunDirectory(folder.appending(path: "run"))
      let process = try holstream.start(
        ["run", file.path, "--no-page", "--directory", run.url.path], in: folder, log: folder.appending(path: "log"))
      defer { process.terminate() }
      await wait(for: folder, orEndOf: process) { (try? RunState(of: run))?.phase == .running }
      let (status, output) = try holstream("tap", run.url.path, "lorenz", "--count", "3", "--json")
      #expect(status == 0, "\(output)")
      let lines = output.split(separator: "\n").filter { $0.hasPrefix("{") }
      #expect(lines.count == 3)
      let passed = try lines.map { line in
        let object = try JSONDecoder().decode([String: Double].self, from: Data(line.utf8))
        #expect(object["x"]?.isFinite == true && object["time"] != nil)
        return try #require(object["passed"])
      }
      #expect(passed == passed.sorted() && passed[0] >= 1)
      // Of a sink, what it reads, and in words.
      let store = try holstream("tap", run.url.path, "store", "-n", "1")
      #expect(store.status == 0 && store.output.contains("elements of `lorenz`"), "\(store.output)")
      let none = try holstream("tap", run.url.path, "lorentz")
      #expect(none.status == 64 && none.output.contains("climate"), "\(none.output)")
      process.interrupt()
      process.waitUntilExit()
      #expect(!FileManager.default.fileExists(atPath: TapPipe.folder(of: run).path), "no pipe is left behind")
      let ended = try holstream("tap", run.url.path, "train")
      #expect(ended.status == 65 && ended.output.contains("holstream tail"), "\(ended.output)")
    }
  }

  @Test("The page of a finished run is served until a signal, which ends it cleanly", .timeLimit(.minutes(15)))
  func view() async throws {
    let holstream = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      try await Runs.run(SmallPipeline.yaml(), in: folder.appending(path: "run"))
      let log = folder.appending(path: "log")
      let process = try holstream.start(["view", "run", "--port", "0"], in: folder, log: log)
      defer { process.terminate() }
      func said() -> String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
      await wait(for: folder, orEndOf: process) { said().contains("Live page: ") }
      let address = try #require(said().firstMatch(of: /http:\S+/)).output
      let (data, _) = try await URLSession.shared.data(from: #require(URL(string: address + "api/events")))
      #expect(String(decoding: data, as: UTF8.self).contains("Verdicts of evaluate"))
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }
  }
}
