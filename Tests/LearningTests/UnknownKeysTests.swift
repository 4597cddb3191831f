import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Learning

@Suite("What a model's file says and this version does not know")
struct UnknownKeysTests {
  /// Puts a member into the first object of a JSON text behind `place`.
  private func with(_ member: String, _ json: String, behind place: String = "{") throws -> String {
    let range = try #require(json.firstRange(of: place), "\(place) in \(json)")
    return json.replacingCharacters(in: range, with: place + member + ",")
  }

  @Test("Is refused by its name, wherever it stands")
  func refused() throws {
    var configuration = Fixtures.configuration(.cnn)
    configuration.model.layout = Fixtures.layout(sites: 6)
    let trainer = try Trainer(configuration: configuration)
    try trainer.step(Fixtures.batch())
    var checkpoint = trainer.checkpoint()
    checkpoint.system = ["system": "other", "anything": .object(["of": 3.0])]
    checkpoint.notes = ["mine": "free"]
    let file = try checkpoint.safetensors()
    func refusal(_ change: (inout Safetensors) throws -> Void) throws -> String {
      var changed = file
      try change(&changed)
      return (#expect(throws: LearningError.self) { try Checkpoint(changed, name: "c") })?.message ?? ""
    }
    #expect(throws: Never.self) { try Checkpoint(file, name: "c") }
    #expect(try refusal { $0.metadata["projection"] = "true" }.contains("projection"))
    #expect(try refusal { $0.metadata["holstream.rotation"] = "{}" }.contains("holstream.rotation"))
    for (key, member, place, name) in [
      ("holstream.model", "\"attention\":4", "{", "attention"),
      ("holstream.layout", "\"torus\":true", "{", "torus"),
      ("holstream.layout", "\"gauge\":\"Landau\"", "\"fields\":[{", "gauge"),
      ("holstream.training", "\"huber\":0.1", "\"loss\":{", "configuration.loss.huber"),
      ("holstream.training", "\"lookAhead\":true", "\"configuration\":{", "configuration.lookAhead"),
    ] {
      let message = try refusal { $0.metadata[key] = try with(member, $0.metadata[key]!, behind: place) }
      #expect(message.contains(name), "\(key): \(message)")
    }
    #expect(
      try refusal {
        $0.metadata["holstream.model"] = nil
        $0.metadata["holstream.training"] = nil
        $0.metadata["model_kwargs"] = try with("\"rotary\":true", $0.metadata["model_kwargs"]!)
      }.contains("rotary"))
    // What only repeats what goes without saying is known.
    var explicit = file
    explicit.metadata["holstream.model"] = try with("\"learns\":\"state\"", file.metadata["holstream.model"]!)
    explicit.metadata["format"] = "pt"
    #expect(throws: Never.self) { try Checkpoint(explicit, name: "c") }
  }

  @Test("A constraint stands in what a program of published checkpoints reads, too")
  func constraint() throws {
    var configuration = Fixtures.configuration(.cnn)
    configuration.model.constraint = .projection
    let file = try Trainer(configuration: configuration).checkpoint().safetensors()
    var published = file
    published.metadata = ["model_kwargs": try #require(file.metadata["model_kwargs"])]
    published.tensors = published.tensors.filter { !$0.key.hasPrefix("optimizer.") }
    #expect(try Checkpoint(published, name: "c").model.constraint == .projection)
    let free = try Trainer(configuration: Fixtures.configuration(.cnn)).checkpoint().safetensors()
    #expect(try #require(free.metadata["model_kwargs"]).contains("constraint") == false)
  }
}
