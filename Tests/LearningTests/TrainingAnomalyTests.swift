import Foundation
import TestSupport
import Testing

@testable import Learning

struct TrainingAnomalyTests {
  @Test(
    "What is kept of an anomaly gives the loss that went wrong again, to the bit", arguments: [ModelFamily.cnn, .parc])
  func roundTrip(family: ModelFamily) async throws {
    try await withTemporaryDirectory { folder in
      var configuration = Fixtures.configuration(family)
      configuration.largestLoss = 1e-6
      configuration.augmentation = .all
      let trainer = try Trainer(configuration: configuration)
      let windows = try (0..<3).map { try Fixtures.window(trajectory: $0, start: 7, steps: 5) }
      for offset in 0..<2 {
        try trainer.step(TrainingBatch(windows.map { TrainingSample($0, offset: offset) }, steps: 3))
      }
      let anomaly = try #require(trainer.lastAnomaly)
      #expect(anomaly.reason == "the loss exploded")
      let file = folder.appending(path: "anomaly.safetensors")
      try anomaly.safetensors(with: trainer.checkpoint()).write(to: file)

      let (found, checkpoint) = try TrainingAnomaly.read(file)
      #expect(found.report == anomaly.report)
      #expect(found.batch.identities == (0..<3).map { SampleIdentity(trajectory: $0, frame: 8) })
      #expect(found.batch.samples.map(\.window) == windows.map { $0.part(1..<4) })
      #expect(checkpoint.training?.step == 1)
      #expect(try Trainer(resuming: checkpoint).loss(of: found.batch, asStep: 1) == anomaly.report.loss)
      #expect(try Checkpoint(contentsOf: file) == checkpoint)
    }
  }

  @Test("A checkpoint without a batch is refused as an anomaly, and so is a batch whose shapes disagree")
  func refused() async throws {
    try await withTemporaryDirectory { folder in
      let trainer = try Trainer(configuration: Fixtures.configuration(.cnn))
      let file = folder.appending(path: "plain.safetensors")
      try trainer.checkpoint().write(to: file)
      #expect(throws: LearningError.self) { try TrainingAnomaly.read(file) }
      var broken = Safetensors(tensors: try Fixtures.batch().tensors(prefix: "batch."))
      broken.tensors["batch.state.Q"] = Safetensors.Tensor([1, 2], shape: [2])
      #expect(throws: LearningError.self) {
        try TrainingBatch(broken, prefix: "batch.", layout: Fixtures.layout(sites: 6), name: "test")
      }
      broken.tensors["batch.trajectory"] = nil
      #expect(throws: LearningError.self) {
        try TrainingBatch(broken, prefix: "batch.", layout: Fixtures.layout(sites: 6), name: "test")
      }
    }
  }
}
