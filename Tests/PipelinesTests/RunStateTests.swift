import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("Where a run stands")
struct RunStateTests {
  @Test("A complete run says so, with its step, its best checkpoint and what ran it")
  func complete() async throws {
    try await withTemporaryDirectory { folder in
      let directory = RunDirectory(folder.appending(path: "runs/miniature/1"))
      try await Runs.run(Miniature.yaml(batches: 12), in: directory.url)
      let state = try RunState(of: directory)
      #expect(state.phase == .complete)
      #expect(state.step == 12 && state.steps == 12)
      #expect(state.judged == 2)
      let best = try #require(state.best)
      #expect([6, 12].contains(best.step) && best.score.isFinite)
      #expect(state.program?.number == ProgramVersion.currentNumber)
      #expect(state.process?.identifier == getpid())
      #expect(state.graph?.edges.contains { $0.from == "lattice" && $0.counters.sent > 60 } == true)
      #expect(state.why(in: directory).hasPrefix("It is complete."))

      // On a terminal of 60 columns no line is longer, and nothing is left out.
      let (wide, narrow) = (state.lines(of: directory), state.lines(of: directory, width: 60))
      #expect(narrow.allSatisfy { $0.count <= 60 || !$0.dropFirst(4).contains(" ") }, "\(narrow)")
      func words(_ lines: [String]) -> [Substring] { lines.joined(separator: " ").split(separator: " ") }
      #expect(words(wide) == words(narrow))

      let list = try RunList(under: folder.appending(path: "runs"))
      #expect(list.entries.count == 1)
      #expect(list.table().contains("complete"))
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(list.json.utf8)) as? [[String: Any]])
      #expect((object[0]["state"] as? [String: Any])?["phase"] as? String == "complete")

      let text = try InspectJob(url: directory.url, verify: false, repair: false, apply: false, json: true).run()
      let content = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      #expect(content["stores"] as? [String] == ["trajectories.zarr"])
      #expect((content["checkpoints"] as? [String])?.count == 2)
      #expect((content["ledger"] as? [String: [String: Int]])?["evaluate"]?["evaluated"] == 2)
    }
  }

  @Test("A run that failed says why, and how to go on; a resumed one keeps its beginning")
  func failed() async throws {
    try await withTemporaryDirectory { folder in
      let directory = RunDirectory(folder)
      try "name: x".write(to: directory.file("pipeline.yaml"), atomically: true, encoding: .utf8)
      let begun = Date(timeIntervalSince1970: 1_000_000)
      let program = ProgramVersion(builtFrom: "1a2b3c")
      RunStateKeeper(directory, pipeline: "x", program: program, now: begun)
        .end(RunError(.unwritable, "the disk broke"), now: begun + 5)
      let state = try RunState(of: directory)
      #expect(state.phase == .failed)
      #expect(state.why(in: directory).hasPrefix("the disk broke\nTo go on: holstream run "))
      let later = begun + 3600
      let keeper = RunStateKeeper(directory, pipeline: "x", program: program, now: later)
      #expect(try RunState(of: directory).phase == .running)
      keeper.end(RunError(.interrupted, "stopped"), now: later)
      let resumed = try RunState(of: directory)
      #expect(resumed.phase == .stopped && resumed.begun == begun && resumed.started == later)
    }
  }

  @Test("A run whose process is gone without a word has died; one of another machine may live")
  func died() async throws {
    try await withTemporaryDirectory { folder in
      let directory = RunDirectory(folder)
      try "name: x".write(to: directory.file("pipeline.yaml"), atomically: true, encoding: .utf8)
      var state = RunState(pipeline: "x", phase: .running)
      state.process = .current
      state.write(in: directory)
      #expect(try RunState(of: directory).phase == .running)
      // A later process has the same number, but not the same start.
      state.process?.start = 1
      state.write(in: directory)
      let dead = try RunState(of: directory)
      #expect(dead.phase == .died && dead.why(in: directory).contains("--resume"))
      state.process?.host = "another.example"
      state.write(in: directory)
      #expect(try RunState(of: directory).phase == .running)
    }
  }

  @Test("What is no run, or whose state cannot be read, is refused with the reason")
  func refused() async throws {
    try await withTemporaryDirectory { folder in
      let directory = RunDirectory(folder)
      #expect { try RunState(of: directory) } throws: { "\($0)".contains("pipeline.yaml") }
      try "name: x".write(to: directory.file("pipeline.yaml"), atomically: true, encoding: .utf8)
      #expect(try RunState(of: directory).phase == .unknown)
      for text in ["", "[]", "{\"phase\": 1e999}", String(repeating: "[", count: 100_000)] {
        try text.write(to: directory.file(RunState.fileName), atomically: true, encoding: .utf8)
        #expect { try RunState(of: directory) } throws: { "\($0)".contains(RunState.fileName) }
      }
      #expect { try RunList(under: folder.appending(path: "nowhere")) } throws: { "\($0)".contains("no folder") }
    }
  }

  @Test("A trainer whose windows are longer than the trajectories is refused before the run")
  func windowTooLong() async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml().replacingOccurrences(of: "window: 6", with: "window: 30")
      #expect {
        try PipelineRun(PipelineDescription(text: yaml), directory: folder.appending(path: "run"), resuming: false)
      } throws: {
        "\($0)".contains("a window has 31 frames") && "\($0)".contains("at most 29")
      }
    }
  }
}
