import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A run whose loss explodes", .serialized)
struct AnomalyRunTests {
  private func run(_ folder: URL, _ options: String...) throws -> PipelineRun {
    let overrides = options.map { "stages.train.online-trainer.\($0)" }
    return try PipelineRun(
      PipelineDescription(text: Miniature.yaml(), overrides: overrides), directory: folder, resuming: false)
  }

  @Test("Skips the batches, keeps the first ones with their reason, and says so", .timeLimit(.minutes(15)))
  func skips() async throws {
    try await withTemporaryDirectory { folder in
      let run = try run(folder, "largest-loss=1e-9", "keep-anomalies=2")
      _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      let files = CheckpointFolder(run.directory.file("anomalies")).files
      #expect(files.map(\.step) == [0, 1])
      let (anomaly, checkpoint) = try TrainingAnomaly.read(files[1].url)
      #expect(anomaly.reason == "the loss exploded")
      #expect(try Trainer(resuming: checkpoint).loss(of: anomaly.batch, asStep: 1) == anomaly.report.loss)
      let last = try Checkpoint(contentsOf: CheckpointFolder(run.directory.file("checkpoints")).file(step: 24).url)
      #expect(last.training?.updates == 0)
      #expect(last.parameters == checkpoint.parameters)
      let messages = run.events.history.filter { $0.kind == "message" }.map { "\($0)" }
      #expect(messages.contains { $0.contains("Step 1: the loss exploded; it changed nothing. Its batch is in") })
      #expect(messages.contains { $0.contains("Step 2: the loss exploded; it changed nothing. That makes more than") })
      #expect(!messages.contains { $0.contains("Step 3: ") })
    }
  }

  @Test("Stops by policy, with the batch and the weights on disk", .timeLimit(.minutes(15)))
  func stops() async throws {
    try await withTemporaryDirectory { folder in
      let run = try run(folder, "largest-loss=1e-9", "on-anomaly=stop")
      let error = await #expect(throws: NodeError.self) {
        _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      }
      let cause = try #require(error?.cause as? LearningError)
      #expect(cause.code == .diverged)
      #expect(cause.message.contains("step-00000000.safetensors"))
      #expect(CheckpointFolder(run.directory.file("anomalies")).files.map(\.step) == [0])
      #expect(CheckpointFolder(run.directory.file("checkpoints")).files.map(\.step) == [1])
      #expect(ExitStatus(for: try #require(error)) == .badInput)
    }
  }
}
