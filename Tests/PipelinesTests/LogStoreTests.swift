import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines
@testable import Zarr

@Suite("The store of a log, and what cannot be done with a log's run", .serialized)
struct LogStoreTests {
  /// Stretches of 30 rows with a gap before each; the last goes on with the log.
  private func log(_ stretches: Int, last: Int = 30, to url: URL) throws {
    var lines = ["time,a,b"]
    for stretch in 0..<stretches {
      for k in 0..<(stretch == stretches - 1 ? last : 30) {
        let time = Double(100 * stretch + k)
        lines.append("\(time),\(sin(0.3 * time)),\(5 + 2 * cos(0.3 * time))")
      }
    }
    try Data((lines + [""]).joined(separator: "\n").utf8).write(to: url)
  }

  private func yaml(_ log: URL, _ sink: String, stages: String = "", sources: String = "") -> String {
    """
    name: kept
    sources:
      log: { tail: { path: \(log.path), follow: false } }
      \(sources)
    stages:
      states: { from: log, states: { columns: "a, b", standardise: 20, interval: 1 } }
      \(stages)
    sinks:
      store: { from: states, zarr: { path: s.zarr, chunk: 8\(sink) } }
    """
  }

  @Test("Keeps as many trajectories as are asked for: one has ended when the next has begun")
  func keeping() async throws {
    try await withTemporaryDirectory { folder in
      let (file, url) = (folder.appending(path: "log.csv"), folder.appending(path: "run/s.zarr"))
      let text = yaml(file, ", keep: last 2 trajectories")
      try log(5, last: 10, to: file)
      let (run, _) = try await Runs.run(text, in: folder.appending(path: "run"))
      #expect(!Runs.messages(run).contains { $0.contains("no effect") })
      var reader = try TrajectoryStoreReader(url)
      #expect(reader.trajectories == 5 && reader.retired == 3)
      #expect([3, 4].map { reader.length($0) } == [30, 10])
      // The last one was not known to have ended, and goes on.
      try log(6, to: file)
      try await Runs.run(text, in: folder.appending(path: "run"), resuming: true)
      reader = try TrajectoryStoreReader(url)
      #expect(reader.trajectories == 6 && reader.retired == 4 && [4, 5].map { reader.length($0) } == [30, 30])
    }
  }

  @Test("Is sealed when the log has been read to its end, and goes on where the log does")
  func sealing() async throws {
    try await withTemporaryDirectory { folder in
      let (file, url) = (folder.appending(path: "log.csv"), folder.appending(path: "run/s.zarr"))
      for stretches in [2, 3] {
        try log(stretches, last: 20, to: file)
        try await Runs.run(
          yaml(file, ", seal: true"), in: folder.appending(path: "run"), resuming: stretches == 3)
        let reader = try TrajectoryStoreReader(url)
        #expect(reader.isSealed && reader.trajectories == stretches)
        #expect((0..<stretches).map { reader.length($0) } == (0..<stretches).map { $0 == stretches - 1 ? 20 : 30 })
      }
    }
  }

  @Test(
    "Its checkpoints are not judged again and its steps not made again, because the rows come once; the store is named")
  func comingOnce() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      try log(2, to: file)
      let directory = folder.appending(path: "run")
      try await Runs.run(
        yaml(
          file, "",
          stages: """
            train: { from: states, online-trainer: { model: { family: mlp, width: 4, layers: 2 }, window: 4, batch: 2, hold-back: 6, warm-up-frames: 20, curriculum: [{ batches: 4, steps: 1 }] } }
              evaluate: { from: checkpoints, verdict: { truth: states, horizon: 4, baseline-frames: 0 } }
            """, sources: "checkpoints: { checkpoint-watch: {} }"
        ).replacing("name: kept", with: "name: kept\nuntil: train"),
        in: directory)
      let judged = #expect(throws: RunError.self) { try JudgeJob(run: directory, node: nil).run() }
      let replayed = #expect(throws: RunError.self) { try ReplayStepJob(step: 1, directory: directory).run() }
      for message in [judged?.message ?? "", replayed?.message ?? ""] {
        #expect(message.contains("`states` is a log") && message.contains("s.zarr"), "\(message)")
      }
      #expect(judged?.message.contains("judge CHECKPOINT --truth STORE") == true)
    }
  }
}
