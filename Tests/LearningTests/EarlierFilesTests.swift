import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Learning

/// Files and logs that versions before this one wrote, when all states were density matrices.
struct EarlierFilesTests {
  private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(json.utf8))
  }

  @Test("An earlier checkpoint is read to the bit, predicts the same, and its configuration keeps its bytes")
  func checkpoint() throws {
    let url = Places.data.appending(path: "learning/earlier-anomaly.safetensors")
    let checkpoint = try Checkpoint(contentsOf: url)
    #expect(checkpoint.layout == nil)
    #expect(checkpoint.notes == ["position": "12"])
    #expect(checkpoint.training?.step == 0)
    let stored = try Safetensors(contentsOf: url)
    let again = try checkpoint.safetensors()
    // A constraint stands there, too, since a program that read those alone took the model for one without.
    #expect(
      again.metadata["model_kwargs"]
        == stored.metadata["model_kwargs"]?.replacing(
          "\"channels\":2,", with: "\"channels\":2,\"constraint\":\"projection\","))
    for key in ["holstream.model", "holstream.training", "note.position"] {
      #expect(again.metadata[key] == stored.metadata[key], "\(key)")
    }
    for (name, tensor) in again.tensors { #expect(stored.tensors[name] == tensor, "\(name)") }

    let (anomaly, before) = try TrainingAnomaly.read(url)
    #expect(before == checkpoint)
    #expect(anomaly.reason == "the loss exploded")
    #expect(anomaly.batch.layout.count == 40 && anomaly.batch.steps == 2 && anomaly.batch.samples.count == 2)
    #expect(anomaly.batch.samples.allSatisfy { $0.window.tendencies != nil })
    // Kernels that were compiled with other optimisations round differently.
    let loss = try Trainer(resuming: checkpoint).loss(of: anomaly.batch, asStep: 0)
    #expect(abs(loss.total - anomaly.report.loss.total) < 1e-6)
    #expect(loss.state.map(\.name) == anomaly.report.loss.state.map(\.name))
    var state = anomaly.batch.samples[0].window.state(0)
    try checkpoint.surrogate().predictor(for: anomaly.batch.layout).advance(&state)
    for (value, bits) in zip(state.values, Self.predicted) { #expect(abs(value - Float(bitPattern: bits)) < 1e-6) }
  }

  @Test("An earlier checkpoint is resumed on states that it does not name, and another layout than the own is refused")
  func resume() throws {
    let url = Places.data.appending(path: "learning/earlier-anomaly.safetensors")
    let checkpoint = try Checkpoint(contentsOf: url)
    let trainer = try Trainer(resuming: checkpoint, layout: Fixtures.layout(sites: 4))
    let named = trainer.checkpoint()
    #expect(named.layout == Fixtures.layout(sites: 4))
    #expect(try Checkpoint(named.safetensors(), name: "test") == named)
    #expect(trainer.configuration.continues(try #require(checkpoint.training).configuration))
    #expect(throws: LearningError.self) { try Trainer(resuming: named, layout: Fixtures.layout(sites: 6)) }
  }

  @Test("Earlier logs of losses and scores are read, by the names of the parts")
  func logs() throws {
    let terms = try decode(
      LossTerms.self,
      #"{"rates":{"p":4,"q":3,"rhoDiagonal":1,"rhoOffDiagonal":2},"state":{"p":8,"q":7,"rhoDiagonal":5,"rhoOffDiagonal":6},"total":36}"#
    )
    #expect(terms.state.map(\.name) == ["rho diagonal", "rho rest", "Q", "P"])
    #expect(terms.state.map(\.value) == [5, 6, 7, 8] && terms.tendency?.map(\.value) == [1, 2, 3, 4])
    let again = try decode(LossTerms.self, String(decoding: JSONEncoder().encode(terms), as: UTF8.self))
    #expect(again == terms)
    let score = try decode(
      RolloutScore.self,
      #"{"diverged":0,"p":0.25,"q":0.5,"qOrder":0.125,"rho":1,"rhoOrder":2,"rollouts":4,"steps":1}"#)
    #expect(score.total == 1.75 && score.observableTotal == 2.125)
    #expect(score["Q"] == 0.5 && score["deltaQ"] == 0.125)
    #expect(try decode(RolloutScore.self, String(decoding: JSONEncoder().encode(score), as: UTF8.self)) == score)
    let fold = try decode(
      FieldScalesFold.self,
      #"{"scalars":{"P":1,"Q":2,"dP":3,"dQ":4,"delta_P":5,"delta_Q":6,"delta_rho":7,"drho":8,"rho":9},"windows":2}"#)
    #expect(fold.scales["rho"] == FieldScale(state: 9, tendency: 8, increment: 7))
    #expect(fold.windows == 2)
  }

  /// What the version that wrote the file predicted from the first state of its batch.
  private static let predicted: [UInt32] = [
    1_044_540_128, 0, 3_190_509_476, 1_020_380_832, 3_188_835_143, 1_033_200_444, 3_197_632_583, 3_196_256_057,
    3_190_509_476, 3_167_864_480, 1_046_321_840, 0, 1_031_909_021, 3_193_506_976, 1_034_456_297, 3_193_650_834,
    3_188_835_143, 3_180_684_092, 1_031_909_021, 1_046_023_328, 1_061_232_262, 0, 1_035_735_926, 1_029_142_915,
    3_197_632_583, 1_048_772_409, 1_034_456_297, 1_046_167_186, 1_035_735_926, 3_176_626_563, 1_062_658_071, 0,
    1_030_873_519, 1_054_422_154, 3_191_785_600, 1_043_688_939, 1_041_594_413, 3_188_496_335, 3_201_196_229,
    1_052_360_252,
  ]
}
