import Foundation
import Testing
import Trajectories

@testable import Learning

struct CheckpointTests {
  private func checkpoint() throws -> Checkpoint {
    var configuration = Fixtures.configuration(.cnn, channels: 2)
    configuration.model.layout = Fixtures.layout(sites: 6)
    let trainer = try Trainer(configuration: configuration)
    try trainer.step(Fixtures.batch())
    var checkpoint = trainer.checkpoint()
    checkpoint.system = ["system": "holstein", "g": 0.5, "disorder": Attribute([0.25, -0.5])]
    checkpoint.arithmetic = "x86-64 with AVX-512"
    checkpoint.notes = ["run": "a"]
    return checkpoint
  }

  @Test("A checkpoint says what states, what system and what arithmetic it comes from, and reads back to what it was")
  func roundTrip() throws {
    let checkpoint = try checkpoint()
    let read = try Checkpoint(Safetensors(checkpoint.safetensors().encoded()), name: "test")
    #expect(read == checkpoint)
    #expect(read.layout == Fixtures.layout(sites: 6))
    #expect(read.system?["disorder"]?.numbers == [0.25, -0.5])
    #expect(try read.surrogate().layout == read.layout)
    // A model runs on states of the same fields, whatever their size, and on no others.
    _ = try read.surrogate().predictor(for: Fixtures.layout(sites: 8))
    let other = StateLayout([Field("u", shape: [6])], domain: .ring(6))
    #expect(throws: LearningError.self) { try read.surrogate().predictor(for: other) }
  }

  @Test("What a loader does not know is refused by name, not skipped")
  func unknown() throws {
    let file = try checkpoint().safetensors()
    func message(_ change: (inout Safetensors) -> Void) -> String? {
      var changed = file
      change(&changed)
      return #expect(throws: LearningError.self) { try Checkpoint(changed, name: "later.safetensors") }?.message
    }
    let key = message { $0.metadata["holstream.precision"] = "half" }
    #expect(key?.contains("later.safetensors") == true && key?.contains("holstream.precision") == true)
    let tensor = message { $0.tensors["cnn.CNN.attention.weight"] = .init([1], shape: [1]) }
    #expect(tensor?.contains("cnn.CNN.attention.weight") == true)
    #expect(message { $0.tensors["optimizer.third.x"] = .init([1], shape: [1]) }?.contains("optimizer.third.x") == true)
    // Without an anomaly there is no batch, so that its tensors are unknown, too.
    #expect(message { $0.tensors["batch.frame"] = .init(integers: [1]) }?.contains("batch.frame") == true)
    let setting = message {
      $0.metadata["holstream.model"] = $0.metadata["holstream.model"]!.replacingOccurrences(
        of: "\"blocks\":1", with: "\"blocks\":1,\"width\":3")
    }
    #expect(setting?.contains("width") == true)
    #expect(message { $0.metadata["holstream.layout"] = #"{"fields":[],"domain":{"none":{}}}"# } != nil)
    // Notes belong to whoever trains, and other programs may add entries of their own.
    var noted = file
    noted.metadata["note.anything"] = "1"
    noted.metadata["format"] = "pt"
    #expect(throws: Never.self) { try Checkpoint(noted, name: "noted") }
  }

  @Test("A family that cannot learn such states says so, with those that can")
  func families() throws {
    var model = ModelConfiguration(family: .parc, layout: StateLayout([Field("x"), Field("y")]))
    let refused = #expect(throws: LearningError.self) { try model.validate() }
    #expect(refused?.message.contains("parc") == true && refused?.message.contains("x, y") == true)
    model = ModelConfiguration(family: ModelFamily(rawValue: "oracle"))
    #expect(#expect(throws: LearningError.self) { try model.validate() }?.message.contains("oracle") == true)
  }
}
