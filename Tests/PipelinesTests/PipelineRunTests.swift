import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A whole run", .serialized)
struct PipelineRunTests {
  private func lines(_ url: URL) throws -> [JSONLine] {
    var follower = JSONLinesFollower(url)
    var lines: [JSONLine] = []
    while case let items = try follower.read(), !items.isEmpty {
      for item in items {
        if case .line(let line) = item { lines.append(line) } else { Issue.record("\(url.lastPathComponent): \(item)") }
      }
    }
    return lines
  }

  private func parameters(_ folder: URL, step: Int) throws -> Checkpoint {
    try Checkpoint(contentsOf: CheckpointFolder(folder.appending(path: "checkpoints")).file(step: step).url)
  }

  @Test("Simulates, stores, trains, judges every checkpoint and ends with its curriculum", .timeLimit(.minutes(15)))
  func whole() async throws {
    try await withTemporaryDirectory { folder in
      let run = try PipelineRun(
        PipelineDescription(text: Miniature.yaml()), directory: folder.appending(path: "run"), resuming: false)
      let summary = try await run.execute(status: TerminalStatus(isTerminal: false))
      #expect(summary.description.contains("What it learned"))
      #expect(try lines(run.directory.file("metrics.jsonl")).count == 24)
      #expect(CheckpointFolder(run.directory.file("checkpoints")).files.map(\.step) == [6, 12, 18, 24])
      let verdicts = try lines(run.directory.file("verdicts.jsonl"))
      #expect(verdicts.map { $0.object.contains("\"step\":24") }.contains(true))
      #expect(verdicts.count == 4, "every checkpoint is judged: the edge is lossless")
      #expect(try !lines(run.directory.file("climate.jsonl")).isEmpty)
      #expect(run.events.history.contains { $0.kind == "curves" && $0.topic.place[0] == "Truth against rollout" })
      #expect(run.pipeline.graph.snapshot().nodes.allSatisfy { $0.state == .finished })
    }
  }

  @Test(
    "What a run leaves is opened by zarr-python and safetensors",
    .enabled(if: Places.hasPython, "tools/test makes the environment"), .timeLimit(.minutes(15)))
  func openedByOthers() async throws {
    try await withTemporaryDirectory { folder in
      let run = try PipelineRun(
        PipelineDescription(text: Miniature.yaml()), directory: folder.appending(path: "run"), resuming: false)
      _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      let script = """
        import sys, glob, numpy, zarr
        from safetensors.numpy import load_file
        folder = sys.argv[1]
        store = zarr.open_group(f"{folder}/trajectories.zarr", mode="r")
        lengths = store["length"][:]
        assert lengths.sum() > 60 and lengths.max() <= 30, lengths
        for k, n in enumerate(lengths):
            rho = store["rho"][k, :n]
            assert numpy.isfinite(rho).all() and abs(numpy.trace(rho, axis1=1, axis2=2) - 4).max() < 1e-12
            assert abs(numpy.diff(store["time"][k, :n]) - 0.16).max() < 1e-12
        assert store.attrs["g"] == 0.8 and store.attrs["seed"] == 3
        weights = load_file(f"{folder}/checkpoints/step-00000024.safetensors")
        assert weights["cnn.CNN.input_conv.weight"].shape == (4, 4, 3, 3)
        assert glob.glob(f"{folder}/tensorboard/events.out.tfevents.*")
        print("agrees")
        """
      let checked = try runPython(script, [run.directory.url.path])
      #expect(checked.output.contains("agrees"), "\(checked.output)")
    }
  }

  @Test("The same file and seed give the same bits, and another seed gives others", .timeLimit(.minutes(15)))
  func reproducible() async throws {
    try await withTemporaryDirectory { folder in
      var results: [[Float]] = []
      for (name, seed) in [("a", 3), ("b", 3), ("c", 4)] {
        let description = try PipelineDescription(text: Miniature.yaml(), overrides: ["seed=\(seed)"])
        let run = try PipelineRun(description, directory: folder.appending(path: name), resuming: false)
        _ = try await run.execute(status: TerminalStatus(isTerminal: false))
        results.append(try parameters(run.directory.url, step: 24).parameters)
      }
      #expect(results[0] == results[1])
      #expect(results[0] != results[2])
    }
  }

  @Test(
    "Stopped at any step and gone on with, training ends in the same bits and the store has no gap",
    .timeLimit(.minutes(15)), arguments: [7, 13])
  func resume(stopAt: Int) async throws {
    try await withTemporaryDirectory { folder in
      let description = try PipelineDescription(text: Miniature.yaml(batches: 240))
      let whole = try PipelineRun(description, directory: folder.appending(path: "whole"), resuming: false)
      _ = try await whole.execute(status: TerminalStatus(isTerminal: false))

      let stopped = try PipelineRun(description, directory: folder.appending(path: "parts"), resuming: false)
      let stop = stopped.pipeline.graph.stop
      stopped.watchSteps { if $0 == stopAt { stop.request() } }
      _ = try await stopped.execute(status: TerminalStatus(isTerminal: false))
      let reached = try #require(CheckpointFolder(stopped.directory.file("checkpoints")).files.last?.step)
      #expect(reached < 240)
      let resumed = try PipelineRun(description, directory: folder.appending(path: "parts"), resuming: true)
      _ = try await resumed.execute(status: TerminalStatus(isTerminal: false))

      let expected = try parameters(whole.directory.url, step: 240)
      let actual = try parameters(resumed.directory.url, step: 240)
      #expect(actual.parameters == expected.parameters)
      #expect(actual.training == expected.training)
      #expect(actual.notes == expected.notes)
      let steps = try lines(resumed.directory.file("metrics.jsonl")).compactMap { line in
        (try? JSONDecoder().decode(TrainingRecord.self, from: Data(line.object.utf8)))?.report.step
      }
      #expect(steps == Array(0..<240))
    }
  }

  @Test("PARC learns from mid-interval states, and the same from the store by replay", .timeLimit(.minutes(15)))
  func replay() async throws {
    try await withTemporaryDirectory { folder in
      let parc = [
        "sources.lattice.holstein.mid-interval=true", "stages.train.online-trainer.model.family=parc",
        "sources.lattice.holstein.ensembles=8",
      ]
      let live = try PipelineRun(
        PipelineDescription(text: Miniature.yaml(), overrides: parc), directory: folder.appending(path: "live"),
        resuming: false)
      _ = try await live.execute(status: TerminalStatus(isTerminal: false))
      let store = live.directory.file("trajectories.zarr").path
      let yaml = Miniature.yaml().replacingOccurrences(
        of: "holstein: { preset: shallow, sites: 8, trajectories: 4, frames: 30, every: 16, noise: 1e-2 }",
        with: "replay: { path: \(store), passes: 9 }")
      // All stored trajectories come abreast, so the order differs from the live stream and only the physics agrees.
      let replayed = try PipelineRun(
        PipelineDescription(
          text: yaml,
          overrides: ["stages.train.online-trainer.model.family=parc", "stages.evaluate.verdict.horizon=5"]),
        directory: folder.appending(path: "replayed"), resuming: false)
      _ = try await replayed.execute(status: TerminalStatus(isTerminal: false))
      for run in [live, replayed] {
        let records = try lines(run.directory.file("metrics.jsonl")).map {
          try JSONDecoder().decode(TrainingRecord.self, from: Data($0.object.utf8))
        }
        #expect(records.count == 24)
        #expect(records.allSatisfy { $0.report.anomaly == nil && $0.report.loss.tendency != nil })
      }
    }
  }

  @Test("A checkpoint of another pipeline is refused on resume, in words", .timeLimit(.minutes(15)))
  func otherPipeline() async throws {
    try await withTemporaryDirectory { folder in
      let run = try PipelineRun(
        PipelineDescription(text: Miniature.yaml()), directory: folder.appending(path: "run"), resuming: false)
      _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      let other = try PipelineDescription(
        text: Miniature.yaml(), overrides: ["stages.train.online-trainer.model.channels=6"])
      let error = #expect(throws: RunError.self) {
        try PipelineRun(other, directory: folder.appending(path: "run"), resuming: true)
      }
      #expect(error?.code == .changed)
      #expect(error?.description.contains("channels") == true, "\(error?.description ?? "")")
    }
  }

  @Test("Ctrl-C stops the program cleanly with 130, and --resume ends in the same bits", .timeLimit(.minutes(15)))
  func interrupt() async throws {
    let holstream = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      let pipeline = folder.appending(path: "p.yaml")
      try Miniature.yaml(batches: 4000).write(to: pipeline, atomically: true, encoding: .utf8)
      let log = folder.appending(path: "log")
      let parts = folder.appending(path: "parts")
      let process = try holstream.start(
        ["run", pipeline.path, "--directory", parts.path, "--port", "0"], in: folder, log: log)
      // Interrupted once it has judged a checkpoint, which proves that the event went through.
      var follower = LineFollower(parts.appending(path: "verdicts.jsonl"))
      try await wait(for: parts, orEndOf: process) { try !follower.read().isEmpty }
      process.interrupt()
      process.waitUntilExit()
      let output = try String(contentsOf: log, encoding: .utf8)
      #expect(process.terminationStatus == 130, "\(output)")
      #expect(output.contains("Stopped cleanly"))
      #expect(output.contains("Live page: http://127.0.0.1:"))
      #expect(!output.contains("\r"), "no status line where output is not a terminal")
      let latest = try #require(try CheckpointFolder(parts.appending(path: "checkpoints")).latest())
      let target = latest.file.step + 6 - latest.file.step % 6
      let shorter = ["--set", "stages.train.online-trainer.keep=100000", "--no-page"]
      // Both go to the same step of the same curriculum; only then can the bits be compared.
      for (name, resume) in [("parts", true), ("whole", false)] {
        let arguments =
          ["run", pipeline.path, "--directory", folder.appending(path: name).path] + shorter
          + (resume ? ["--resume"] : [])
        let process = try holstream.start(arguments, in: folder, log: folder.appending(path: "log-\(name)"))
        let file = CheckpointFolder(folder.appending(path: "\(name)/checkpoints")).file(step: target).url
        await wait(for: file.deletingLastPathComponent(), orEndOf: process) {
          FileManager.default.fileExists(atPath: file.path)
        }
        process.interrupt()
        process.waitUntilExit()
      }
      let expected = try parameters(folder.appending(path: "whole"), step: target)
      let actual = try parameters(parts, step: target)
      #expect(actual.parameters == expected.parameters)
      #expect(actual.notes == expected.notes)
    }
  }

  @Test("A run that was killed leaves a store, logs and checkpoints that open, and goes on", .timeLimit(.minutes(15)))
  func kill() async throws {
    let holstream = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      let pipeline = folder.appending(path: "p.yaml")
      try Miniature.yaml(batches: 4000).write(to: pipeline, atomically: true, encoding: .utf8)
      let run = folder.appending(path: "run")
      for round in 0..<4 {
        let arguments = ["run", pipeline.path, "--directory", run.path, "--no-page"] + (round > 0 ? ["--resume"] : [])
        let process = try holstream.start(arguments, in: folder, log: folder.appending(path: "log"))
        let checkpoints = run.appending(path: "checkpoints")
        let before = (try? CheckpointFolder(checkpoints).latest()?.file.step) ?? 0
        await wait(for: checkpoints, orEndOf: process) {
          (try? CheckpointFolder(checkpoints).latest()?.file.step) ?? 0 > before
        }
        #expect(process.isRunning, "\((try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "")")
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let (status, output) = try holstream("inspect", run.appending(path: "trajectories.zarr").path, "--verify")
        #expect(status == 0 && output.contains("every chunk is whole"), "\(output)")
        var follower = JSONLinesFollower(run.appending(path: "metrics.jsonl"))
        var broken = 0
        while case let items = try follower.read(), !items.isEmpty {
          broken += items.count { if case .line = $0 { false } else { true } }
        }
        #expect(broken <= round + 1)
      }
    }
  }
}
