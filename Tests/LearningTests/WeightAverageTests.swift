import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Learning

@Suite("The moving average of the weights")
struct WeightAverageTests {
  private func configuration(_ keep: Float?) -> TrainerConfiguration {
    var configuration = Fixtures.configuration(.cnn)
    configuration.average = keep
    return configuration
  }

  @Test("Is that of the weights after each update, and changes nothing about the training")
  func average() throws {
    let batch = try Fixtures.batch()
    let (plain, averaging) = (
      try Trainer(configuration: configuration(nil)), try Trainer(configuration: configuration(0.5))
    )
    var expected = plain.parameters.map { Double($0) }
    for update in 1...6 {
      #expect(try plain.step(batch) == averaging.step(batch))
      let keep = min(0.5, Double(1 + update) / Double(10 + update))
      for (k, value) in plain.parameters.enumerated() { expected[k] += (1 - keep) * (Double(value) - expected[k]) }
    }
    let checkpoint = averaging.checkpoint()
    #expect(checkpoint.training?.trained == plain.parameters)
    #expect(checkpoint.parameters == averaging.parameters && averaging.parameters != plain.parameters)
    for (a, b) in zip(checkpoint.parameters, expected) { #expect(abs(Double(a) - b) < 1e-6) }
    // What is judged is the average.
    #expect(try averaging.model().parameters == checkpoint.parameters)
  }

  @Test("A training with it goes on from its file to the same bits")
  func resume() async throws {
    try await withTemporaryDirectory { folder in
      let batch = try Fixtures.batch()
      let straight = try Trainer(configuration: configuration(0.9))
      for _ in 0..<5 { try straight.step(batch) }
      let file = folder.appending(path: "step.safetensors")
      try straight.checkpoint().write(to: file)
      let resumed = try Trainer(resuming: Checkpoint(contentsOf: file))
      for _ in 0..<5 { #expect(try resumed.step(batch) == straight.step(batch)) }
      #expect(resumed.checkpoint() == straight.checkpoint())
      // Other programs' readers see the average as the model.
      #expect(
        try ModelCatalogue.model(contentsOf: file).safetensors().tensors["optimizer.trained.cnn.CNN.input_conv.weight"]
          == nil)
    }
  }

  @Test("A file that lacks the weights that are trained is refused, and one that has them without an average")
  func refused() throws {
    let trainer = try Trainer(configuration: configuration(0.9))
    try trainer.step(Fixtures.batch())
    let file = try trainer.checkpoint().safetensors()
    var changed = file
    changed.tensors["optimizer.trained.cnn.CNN.input_conv.weight"] = nil
    let error = #expect(throws: LearningError.self) { try Checkpoint(changed, name: "c") }
    #expect(error?.message.contains("optimizer.trained.cnn.CNN.input_conv.weight") == true)
    var checkpoint = trainer.checkpoint()
    checkpoint.training?.trained = nil
    #expect(throws: LearningError.self) { try Trainer(resuming: checkpoint) }
  }

  @Test("Is refused outside of its bounds, and to families that are fitted in closed form")
  func bounds() throws {
    for keep: Float in [-0.1, 1, .nan] {
      #expect(throws: LearningError.self) { try configuration(keep).validate() }
    }
    var fitted = TrainerConfiguration(
      model: ModelConfiguration(family: ModelFamily(rawValue: "nvar")),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)]))
    fitted.average = 0.9
    let error = #expect(throws: LearningError.self) { try fitted.validate() }
    #expect(error?.message.contains("nvar") == true)
  }
}
