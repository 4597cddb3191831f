import Foundation
import Learning
import Streams
import TestSupport
import Testing
import Trajectories
import Zarr

@testable import Pipelines

/// A pipeline of a second: Lorenz's three equations, a perceptron of eight units.
enum SmallPipeline {
  static func yaml(ensembles: String = "") -> String {
    """
    name: small
    seed: 3
    until: train
    held-out-one-in: 4
    sources:
      lorenz:
        simulate: { system: lorenz-63, trajectories: 4, frames: 60, every: 2\(ensembles) }
      checkpoints:
        checkpoint-watch: {}
    stages:
      train:
        from: lorenz
        online-trainer:
          model: { family: mlp, width: 8, layers: 2 }
          batch: 4
          window: 6
          reservoir: 16
          warm-up-frames: 40
          frames-per-step: 4
          workers: 1
          curriculum: [{ batches: 8, steps: 1 }, { batches: 4, steps: 2 }]
          checkpoint-every: 6
          validation: { every: 4, windows: 2 }
      climate: { from: lorenz, rolling-climate: { window: 100, lag: 5, every: 50 } }
      evaluate:
        from: checkpoints
        verdict: { horizon: 10, rollouts: 1, baseline-frames: 40, resamples: 2 }
    sinks:
      store: { from: lorenz, zarr: { path: trajectories.zarr, chunk: 8 } }
      metrics: { from: train, jsonl: metrics.jsonl }
      climates: { from: climate, jsonl: climate.jsonl }
      verdicts: { from: evaluate, jsonl: verdicts.jsonl }
    """
  }
}

@Suite("What runs leave is read back")
struct RunRecordsTests {
  @Test("Runs are compared by the keys that differ, by loss, verdict and climate; the same run differs in nothing")
  func compare() async throws {
    try await withTemporaryDirectory { folder in
      let (a, b) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try await Runs.run(SmallPipeline.yaml(), in: a)
      try await Runs.run(
        SmallPipeline.yaml(), in: b,
        set: ["seed=4", "stages.train.online-trainer.curriculum[1].steps=3", "sinks.verdicts.buffer=8"])
      let comparison = try RunComparison([RunRecord(a), RunRecord(b)])
      #expect(
        comparison.settings.map(\.name) == [
          "seed", "stages.train.online-trainer.curriculum[1].steps", "sinks.verdicts.buffer",
        ])
      #expect(comparison.settings.map(\.values) == [["3", "4"], ["2", "3"], [nil, "8"]])
      let loss = try #require(comparison.curves.first { $0.quantity == "loss" })
      #expect(loss.node == "train" && loss.steps.last == 12 && loss.values.count == 2)
      #expect(loss.values.allSatisfy { $0.allSatisfy { $0?.isFinite == true } })
      // The last place is the median of the last steps, as the logs have them.
      let last = try Runs.lines(a.appending(path: "metrics.jsonl")).map {
        try JSONDecoder().decode(TrainingRecord.self, from: Data($0.utf8))
      }
      let first = loss.steps[loss.steps.count - 2]
      let values = last.filter { $0.report.step >= first }.map { Double($0.report.loss.total) }.sorted()
      #expect(loss.values[0].last == values[(values.count - 1) / 2])
      #expect(comparison.verdicts.first?.rows.contains { $0.name.hasPrefix("RMSE") } == true)
      #expect(comparison.climates.first?.rows.contains { $0.name == "x mean" } == true)

      let same = try RunComparison([RunRecord(a), RunRecord(a)])
      #expect(same.settings.isEmpty && same.curves.allSatisfy { $0.values[0] == $0.values[1] })
      let text = try CompareJob(runs: [a, b]).run()
      #expect(text.contains("curriculum[1].steps") && text.contains("Verdict of evaluate on the best checkpoint"))
      let narrow = try CompareJob(runs: [a, b]).run(width: 60)
      #expect(narrow.contains("\nseed\n  "))
      let json = try CompareJob(runs: [a, b]).run(json: true)
      let object = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
      #expect((object["settings"] as? [Any])?.count == 3)
      #expect(throws: RunError.self) { try CompareJob(runs: [a]).run() }
      #expect(throws: RunError.self) { try CompareJob(runs: [a, folder]).run() }
    }
  }

  @Test("The page of a finished run has the points, verdicts, climates and the graph of the live one")
  func replay() async throws {
    try await withTemporaryDirectory { folder in
      let (run, _) = try await Runs.run(
        SmallPipeline.yaml() + "\n  page-loss: { from: train, page: {} }\n  page: { from: evaluate, page: {} }\n",
        in: folder)
      let replay = try RunReplay(folder)
      func points(_ events: [RunEvent]) -> [Double: Double] {
        var points: [Double: Double] = [:]
        for case .point(let chart, let x, let values) in events where chart.title == "loss" {
          points[x] = values["training"]
        }
        return points
      }
      #expect(points(replay.events) == points(run.events.history) && points(replay.events).count == 12)
      func rows(_ events: [RunEvent]) -> [RunEvent.Row] {
        events.compactMap { if case .row(let row) = $0 { row } else { nil } }
      }
      #expect(rows(replay.events) == rows(run.events.history) && !rows(replay.events).isEmpty)
      func curves(_ events: [RunEvent]) -> [String] {
        events.compactMap { if case .curves(let chart, _) = $0 { chart.title } else { nil } }
      }
      #expect(Set(curves(replay.events)).isSuperset(of: curves(run.events.history)))
      #expect(replay.title == "small" && replay.graph.edges.contains { $0.from == "lorenz" && $0.to == "train" })
      let empty = folder.appending(path: "empty")
      try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
      #expect(throws: RunError.self) { try RunReplay(empty) }
    }
  }

  @Test("The archive of a run has the sealed store, the best checkpoint and checksums, and the same bytes each time")
  func package() async throws {
    try await withTemporaryDirectory { parent in
      let folder = parent.appending(path: "small/1")
      let (run, _) = try await Runs.run(SmallPipeline.yaml(), in: folder)
      let before = try Runs.files(folder)
      let archives = [parent.appending(path: "kept.tar"), parent.appending(path: "again/kept.tar")]
      try FileManager.default.createDirectory(
        at: parent.appending(path: "again"), withIntermediateDirectories: true)
      for archive in archives {
        let words = try PackageJob(folder, output: archive) { _ in "a report" }.run()
        #expect(words.contains("trajectories.zarr") && words.contains("the best"))
      }
      #expect(try Data(contentsOf: archives[0]) == Data(contentsOf: archives[1]))
      #expect(try Runs.files(folder) == before, "the run is left as it was")
      _ = try Tool("tar").run(["xf", "kept.tar"], in: parent)
      let unpacked = parent.appending(path: "kept")
      #expect(throws: Never.self) { try Tool("sha256sum").run(["--check", "--quiet", "SHA256SUMS"], in: unpacked) }
      #expect(try String(contentsOf: unpacked.appending(path: "report.html"), encoding: .utf8) == "a report")
      let store = unpacked.appending(path: "trajectories.zarr")
      #expect(try StoredTrajectories(store).reader.isSealed)
      let (own, kept) = (
        try StoredTrajectories(folder.appending(path: "trajectories.zarr")), try StoredTrajectories(store)
      )
      let length = own.reader.length(0)
      #expect(try own.frames(of: 0, 0..<length).map(\.state) == kept.frames(of: 0, 0..<length).map(\.state))
      let best = try #require(CheckpointFolder(run.directory.file("checkpoints")).bestStep)
      let names = try FileManager.default.contentsOfDirectory(atPath: unpacked.appending(path: "checkpoints").path)
      #expect(names == [String(format: "step-%08d.safetensors", best)])
      let provenance = try String(contentsOf: unpacked.appending(path: "provenance.json"), encoding: .utf8)
      #expect(provenance.contains("\"seed\" : 3") && provenance.contains("lorenz-63"))
      #expect(throws: RunError.self) { try PackageJob(folder, output: archives[0]) { _ in "" }.run() }
      let lock = try run.directory.lock()
      defer { withExtendedLifetime(lock) {} }
      let error = #expect(throws: RunError.self) {
        try PackageJob(folder, output: parent.appending(path: "b.tar")) { _ in "" }.run()
      }
      #expect(error?.message.contains("is being run") == true)
    }
  }
}
