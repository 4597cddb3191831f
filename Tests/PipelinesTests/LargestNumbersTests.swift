import Foundation
import Learning
import Settings
import TestSupport
import Testing

@testable import Pipelines
@testable import Streams
@testable import Zarr

@Suite("The largest numbers, wherever they come from", .timeLimit(.minutes(15)))
struct LargestNumbersTests {
  @Test("A line of a log with a number that cannot be counted on from is none of ours", arguments: [Int.max, 1 << 60])
  func line(number: Int) async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "a.jsonl")
      try Data((JSONLine(number: number, object: "{\"a\":1}").text + "\n").utf8).write(to: url)
      // So is a rotated file of that number.
      try Data().write(to: folder.appending(path: "a.jsonl.\(number)"))
      let log = try JSONLinesLog(url)
      try log.append(["a": 2])
      var follower = JSONLinesFollower(url)
      let items = try follower.read()
      #expect(items.count == 2)
      guard case .defect(.notALogLine, _) = items[0], case .line(let line) = items[1] else {
        Issue.record("\(items)")
        return
      }
      #expect(line.number == 0)
    }
  }

  @Test("Folders of runs and names of checkpoints with such numbers are none of ours")
  func names() async throws {
    try await withTemporaryDirectory { folder in
      for name in ["\(Int.max)", "\(Int.min)", "-1", "7"] {
        try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
      }
      #expect(try RunDirectory.create(in: folder).url.lastPathComponent == "8")
      #expect(try RunDirectory.latest(in: folder).url.lastPathComponent == "8")
      for step in ["9223372036854775807", "-00000001", "+0000001", "1e300", "", "0x10"] {
        #expect(CheckpointFolder.step(of: "step-\(step).safetensors") == nil, "\(step)")
      }
      #expect(CheckpointFolder.step(of: "step-00000500.safetensors") == 500)
    }
  }

  @Test("A checkpoint whose notes claim such numbers is refused on resume, in words")
  func notes() async throws {
    try await withTemporaryDirectory { folder in
      let run = try await Runs.run(Miniature.yaml(batches: 12), in: folder).run
      let files = CheckpointFolder(folder.appending(path: "checkpoints")).files
      let sound = try files.map { try Checkpoint(contentsOf: $0.url) }
      for (key, value) in [
        ("position", "9223372036854775807"), ("position", "-1"), ("position", "1e300"),
        ("start", "9223372036854775807"), ("steps", "9223372036854775807"), ("arrival", "-9223372036854775808"),
        ("uses", "9223372036854775807"), ("arrivals", "9223372036854775807"), ("capacity", "9223372036854775807"),
        ("evictedUnused", "-1"),
      ] {
        for (file, sound) in zip(files, sound) {
          var checkpoint = sound
          if key == "position" {
            checkpoint.notes["position"] = value
          } else {
            let before = try #require(checkpoint.notes["reservoir"])
            let after = before.replacing(try Regex("\"\(key)\":[0-9]+"), with: "\"\(key)\":\(value)")
            #expect(after != before)
            checkpoint.notes["reservoir"] = after
          }
          try checkpoint.write(to: file.url)
        }
        #expect(throws: (any Error).self, "\(key) = \(value)") {
          try PipelineRun(run.description, directory: folder, resuming: true)
        }
      }
      for (file, sound) in zip(files, sound) { try sound.write(to: file.url) }
      _ = try PipelineRun(run.description, directory: folder, resuming: true)
    }
  }

  @Test(
    "Settings of such numbers are refused or taken, never a trap",
    arguments: [
      "sources.lattice.holstein.sites", "sources.lattice.holstein.trajectories", "sources.lattice.holstein.frames",
      "sources.lattice.holstein.ensembles", "sources.lattice.holstein.every", "sources.lattice.holstein.pre-steps",
      "sources.lattice.holstein.dt", "sources.lattice.holstein.g", "seed", "held-out-one-in", "stages.train.buffer",
      "stages.train.online-trainer.batch", "stages.train.online-trainer.window",
      "stages.train.online-trainer.reservoir",
      "stages.train.online-trainer.warm-up-frames", "stages.train.online-trainer.warm-up-steps",
      "stages.train.online-trainer.frames-per-step", "stages.train.online-trainer.hold-back",
      "stages.train.online-trainer.checkpoint-every", "stages.train.online-trainer.keep",
      "stages.train.online-trainer.model.channels", "stages.evaluate.verdict.horizon", "stages.evaluate.verdict.start",
      "stages.evaluate.verdict.predictability-time", "stages.climate.rolling-climate.window",
      "sources.checkpoints.checkpoint-watch.rescan", "sinks.store.zarr.keep", "sinks.store.zarr.chunk",
    ])
  func settings(path: String) {
    for value in [
      "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e300", "-1e300", "1e-320", "nan", "inf",
      "1e300 s", "1e300 days", "1e308 GB", "last 9223372036854775807 trajectories", "0", "-1",
    ] {
      do { _ = try PipelineDescription(text: Miniature.yaml(), overrides: ["\(path)=\(value)"]) } catch {
        #expect(error is ConfigurationError, "\(path)=\(value): \(error)")
      }
    }
  }

  @Test("More frames than can be counted are refused together, where each number alone would do")
  func products() {
    let error = #expect(throws: ConfigurationError.self) {
      try PipelineDescription(
        text: Miniature.yaml(),
        overrides: [
          "sources.lattice.holstein.trajectories=100000", "sources.lattice.holstein.frames=100000000",
          "sources.lattice.holstein.ensembles=1000000",
        ])
    }
    #expect(error.map { "\($0)".contains("more than") } == true)
  }

  @Test("Commands refuse such numbers of steps")
  func steps() async throws {
    try await withTemporaryDirectory { folder in
      let (store, out) = (folder.appending(path: "none.zarr"), folder.appending(path: "out.zarr"))
      for steps in [Int.max, -1] {
        #expect(throws: RunError.self) {
          try SimulateJob(system: "lorenz-63", steps: steps, every: 1, output: out).run()
        }
        #expect(throws: RunError.self) {
          try PredictJob(checkpoint: store, origin: store, frame: .max, steps: steps, output: out).run()
        }
      }
      #expect(!FileManager.default.fileExists(atPath: out.path))
    }
  }

  @Test("A store has no room for a trajectory of such a number", arguments: [Int.max, 1 << 40, -1])
  func trajectories(number: Int) async throws {
    try await withTemporaryDirectory { folder in
      let layout = TrajectoryStoreLayout(
        fields: [TrajectoryField(name: "x", shape: [], dataType: .float64, dimensionNames: [])], framesPerChunk: 4)
      let writer = try TrajectoryStoreWriter(creating: folder.appending(path: "a.zarr"), layout: layout)
      #expect(throws: StoreError.self) { try writer.append(trajectory: number, time: 0, ["x": [1]]) }
      try writer.append(trajectory: 0, time: 0, ["x": [1]])
      try writer.close()
    }
  }
}
