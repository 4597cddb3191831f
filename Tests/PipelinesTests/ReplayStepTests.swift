import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A step made again", .serialized)
struct ReplayStepTests {
  private func finished(_ yaml: String, _ overrides: [String] = [], in folder: URL) async throws -> RunDirectory {
    let run = try PipelineRun(
      PipelineDescription(text: yaml, overrides: overrides), directory: folder, resuming: false)
    _ = try await run.execute(status: TerminalStatus(isTerminal: false))
    return run.directory
  }

  @Test(
    "Has the batch and the bits that were logged, from the run's store", .timeLimit(.minutes(15)),
    arguments: [
      [], ["sources.lattice.holstein.mid-interval=true", "stages.train.online-trainer.model.family=parc"],
      [
        "stages.train.online-trainer.scalars={ rule: adapt, growth: 1.01 }",
        "stages.train.online-trainer.augment.reflection=true", "sinks.store.zarr.precision=single",
      ],
    ])
  func stored(overrides: [String]) async throws {
    try await withTemporaryDirectory { folder in
      let directory = try await finished(Miniature.yaml(), overrides, in: folder.appending(path: "run"))
      for step in [0, 5, 6, 13, 23] {
        let replayed = try ReplayStepJob(step: step, directory: directory.url).run()
        #expect(replayed.agrees == true, "\(replayed)")
        #expect(replayed.report.step == step)
        #expect(replayed.batch.count == 4)
        #expect(replayed.batch.allSatisfy { $0.trajectory % 4 != 3 })
        #expect(replayed.checkpoint == (step < 6 ? nil : "step-000000\(step < 12 ? "06" : step < 18 ? "12" : "18")"))
        #expect(replayed.usesStore && !replayed.usesSimulator)
        let json = try JSONSerialization.jsonObject(with: Data(replayed.json.utf8)) as? [String: Any]
        #expect(json?["agrees"] as? Bool == true && (json?["samples"] as? [Any])?.count == 4)
        let loss = (json?["numbers"] as? [[String: Any]])?.first
        #expect(loss?["name"] as? String == "loss" && loss?["value"] as? Double == loss?["logged"] as? Double)
      }
    }
  }

  @Test("Has the same bits when frames were refused, and simulated again without a store", .timeLimit(.minutes(15)))
  func simulated() async throws {
    let yaml = Miniature.yaml()
      .replacing("every: 16, noise: 1e-2", with: "every: 4, noise: 1e-2, dt: 0.2, g: 2")
      .replacing("  store: { from: lattice, zarr: { path: trajectories.zarr, chunk: 8 } }\n", with: "")
    try await withTemporaryDirectory { folder in
      let directory = try await finished(yaml, in: folder.appending(path: "run"))
      for step in [3, 20] {
        let replayed = try ReplayStepJob(step: step, directory: directory.url).run()
        #expect(replayed.agrees == true, "\(replayed)")
        #expect(!replayed.usesStore && replayed.usesSimulator)
      }
    }
  }

  @Test("Goes through the passes over a store that was replayed, and no further", .timeLimit(.minutes(15)))
  func replayed() async throws {
    try await withTemporaryDirectory { folder in
      let store = try OnlineRehearsal.store(in: folder)
      let yaml = Miniature.yaml().replacing(
        "holstein: { preset: shallow, sites: 8, trajectories: 4, frames: 30, every: 16, noise: 1e-2 }",
        with: "replay: { path: \(store), passes: 1 }"
      ).replacing("rollouts: 2", with: "rollouts: 1")
      // 5 trajectories of 31 frames are 155, of which 60 come before the first step: 20 steps of 24.
      let directory = try await finished(yaml, in: folder.appending(path: "run"))
      for step in [0, 19] {
        let replayed = try ReplayStepJob(step: step, directory: directory.url).run()
        #expect(replayed.agrees == true, "\(replayed)")
      }
      let error = #expect(throws: RunError.self) { try ReplayStepJob(step: 20, directory: directory.url).run() }
      #expect(error?.message.contains("never came to step 20") == true)
    }
  }

  @Test("Can be the step that stopped the run", .timeLimit(.minutes(15)))
  func stopped() async throws {
    try await withTemporaryDirectory { folder in
      let overrides = ["largest-loss=1e-9", "on-anomaly=stop"].map { "stages.train.online-trainer.\($0)" }
      let run = folder.appending(path: "run")
      await #expect(throws: NodeError.self) { try await finished(Miniature.yaml(), overrides, in: run) }
      let replayed = try ReplayStepJob(step: 0, directory: run).run()
      #expect(replayed.report.anomaly == "the loss exploded")
      #expect(replayed.agrees == nil)
      let (anomaly, _) = try TrainingAnomaly.read(run.appending(path: "anomalies/step-00000000.safetensors"))
      #expect(anomaly.batch.identities == replayed.batch)
      #expect(anomaly.report == replayed.report)
    }
  }

  @Test("On the command line: 0 for the same bits, 65 for others, and a step that never was is wrong usage")
  func command() async throws {
    let holstream = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      let directory = try await finished(Miniature.yaml(), in: folder.appending(path: "runs/miniature/1"))
      let (status, output) = try holstream("replay-step", directory.url.path, "7")
      #expect(status == 0, "\(output)")
      #expect(output.contains("The bits are those that were logged."))
      #expect(output.contains("made again from step-00000006"))
      #expect(try holstream("replay-step", directory.url.path, "24").status == 64)
      #expect(try holstream("replay-step", folder.path, "1").status == 65)

      let metrics = directory.file("metrics.jsonl")
      let original = try #require(try lines(metrics).first { $0.contains("\"step\":7,") })
      let changed = original.replacing(/"learningRate":[0-9.e-]+/, with: "\"learningRate\":0.5")
      #expect(changed != original)
      let log = try JSONLinesLog(metrics)
      var record = try JSONDecoder().decode(TrainingRecord.self, from: Data(original.utf8))
      record.report.learningRate = 0.5
      try log.append(record)
      let (other, said) = try holstream("replay-step", directory.url.path, "7")
      #expect(other == 65)
      #expect(said.contains("These are not the bits"), "\(said)")
    }
  }

  private func lines(_ url: URL) throws -> [String] {
    var follower = JSONLinesFollower(url)
    return try follower.read().compactMap { if case .line(let line) = $0 { line.object } else { nil } }
  }
}
