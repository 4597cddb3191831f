import Climate
import Foundation
import Learning
import Streams
import TestSupport
import Testing
import Trajectories

@testable import Pipelines

@Suite("Force fields learnt while the lattice is simulated", .serialized)
struct ForceFieldRunTests {
  /// A lattice at half filling, of which the forces at μ = 0 are learnt.
  private static let yaml = """
    name: force
    seed: 3
    until: train
    held-out-one-in: 4
    sources:
      quench:
        simulate: { system: holstein-square, L: 4, temperature: 0.3, trajectories: 4, frames: 16, every: 4 }
      checkpoints:
        checkpoint-watch: {}
    stages:
      train:
        from: quench
        buffer: 4
        online-trainer:
          model: { family: gnn-direct, widths: 4-4 }
          batch: 4
          window: 4
          reservoir: 20
          warm-up-frames: 40
          warm-up-steps: 5
          frames-per-step: 1
          workers: 1
          curriculum: [{ batches: 60, steps: 1 }, { batches: 60, steps: 2 }]
          checkpoint-every: 40
          validation: { every: 20, windows: 4, steps: 1 }
      evaluate:
        from: checkpoints
        verdict: { truth: quench, horizon: 6, rollouts: 2, baseline-frames: 0, reference: false, resamples: 0 }
    sinks:
      metrics: { from: train, jsonl: metrics.jsonl }
      verdicts: { from: evaluate, jsonl: verdicts.jsonl }
      page: { from: evaluate, page: {} }
    """

  @Test(
    "Stopped and gone on with, training ends in the same bits, and verdicts tell the force's errors by kind",
    .timeLimit(.minutes(15)))
  func resume() async throws {
    try await withTemporaryDirectory { folder in
      let description = try PipelineDescription(text: Self.yaml)
      let (whole, _) = try await Runs.run(Self.yaml, in: folder.appending(path: "whole"))
      let stopped = try PipelineRun(description, directory: folder.appending(path: "parts"), resuming: false)
      let stop = stopped.pipeline.graph.stop
      stopped.watchSteps { if $0 == 30 { stop.request() } }
      _ = try await stopped.execute(status: TerminalStatus(isTerminal: false))
      let (resumed, _) = try await Runs.run(Self.yaml, in: folder.appending(path: "parts"), resuming: true)
      func last(_ run: PipelineRun) throws -> Checkpoint {
        try Checkpoint(
          contentsOf: #require(CheckpointFolder(run.directory.file("checkpoints")).files.last { $0.step == 120 }).url)
      }
      let (a, b) = (try last(whole), try last(resumed))
      #expect(a.parameters == b.parameters)
      // What the field knows of its lattice it has from the stream.
      #expect(a.model.settings["g"] == 3.5 && a.model.settings["temperature"] == 0.3)
      let verdicts = try Runs.lines(whole.directory.file("verdicts.jsonl")).map {
        try JSONDecoder().decode(Verdict.self, from: Data($0.utf8))
      }
      let verdict = try VerdictCurves.complete(
        #require(verdicts.last), from: whole.directory.file("verdicts.jsonl"))
      let kinds = verdict.scores.filter { $0.id == "RMS force error" }
      #expect(kinds.map(\.condition) == [nil, "first frame", "t ≤ 15"])
      #expect(kinds.allSatisfy { $0.value > 0 && $0.value < 3 })
      #expect(verdict.curves["force error histogram"]?.reduce(0, +).rounded() == 1)
    }
  }
}
