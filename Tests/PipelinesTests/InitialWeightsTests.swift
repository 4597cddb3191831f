import Foundation
import Learning
import Settings
import TestSupport
import Testing

@testable import Pipelines

@Suite("A training begins with earlier weights")
struct InitialWeightsTests {
  private func checkpoint(_ folder: URL, _ step: Int) throws -> Checkpoint {
    try Checkpoint(contentsOf: CheckpointFolder(folder.appending(path: "checkpoints")).file(step: step).url)
  }

  @Test("The first step begins with the weights and scales of the file, which is said, noted, and survives a resume")
  func warm() async throws {
    try await withTemporaryDirectory { folder in
      let (a, b) = (folder.appending(path: "a"), folder.appending(path: "b"))
      try await Runs.run(SmallPipeline.yaml(), in: a)
      let path = "checkpoints/step-00000012.safetensors"
      let own = "stages.train.online-trainer."
      // A rate of next to nothing: after a step the weights are still next to those that it began with.
      let keys = [
        "\(own)initial-weights=\(a.appending(path: path).path)", "seed=9", "\(own)learning-rate=1e-9",
        "\(own)weight-decay=0", "\(own)checkpoint-every=1", "\(own)keep=20",
      ]
      let (run, _) = try await Runs.run(SmallPipeline.yaml(), in: b, set: keys)
      let (before, after) = (try checkpoint(a, 12), try checkpoint(b, 1))
      #expect(zip(after.parameters, before.parameters).allSatisfy { abs($0 - $1) < 1e-7 })
      #expect(before.parameters.contains { abs($0) > 0.1 })
      #expect(after.model.scales == before.model.scales)
      #expect(after.training?.step == 1 && after.notes["initial-weights"]?.hasSuffix(path) == true)
      let said = Runs.messages(run).filter { $0.contains("begins with the weights") }
      #expect(said.count == 1 && said[0].contains("step 12") && said[0].contains("mlp"))
      // Gone on with from its middle, to the same end; the file is not needed any more.
      let last = try Data(contentsOf: b.appending(path: path))
      for step in 7...12 {
        try FileManager.default.removeItem(at: CheckpointFolder(b.appending(path: "checkpoints")).file(step: step).url)
      }
      try FileManager.default.removeItem(at: a)
      try await Runs.run(SmallPipeline.yaml(), in: b, set: keys, resuming: true)
      #expect(try Data(contentsOf: b.appending(path: path)) == last)
    }
  }

  @Test("Weights of another shape, family or layout are refused before anything runs, with what does not fit")
  func refused() async throws {
    try await withTemporaryDirectory { folder in
      let a = folder.appending(path: "a")
      try await Runs.run(SmallPipeline.yaml(), in: a)
      let own = "stages.train.online-trainer."
      let weights = "\(own)initial-weights=\(a.appending(path: "checkpoints/step-00000012.safetensors").path)"
      for (change, words) in [
        ("\(own)model.width=9", "layers.0"), ("\(own)model.layers=3", "layers.1"),
        ("\(own)model={ family: shplrnn, hidden: 4 }", "family"),
        ("sources.lorenz.simulate.system=lorenz-96", "states of"),
        ("\(own)model={ family: nvar }", "is of no use"),
        ("\(own)initial-weights=nowhere.safetensors", "nowhere"),
      ] {
        do {
          try await Runs.run(
            SmallPipeline.yaml(), in: folder.appending(path: UUID().uuidString), set: [weights, change])
          Issue.record("\(change) was accepted")
        } catch { #expect("\(error)".contains(words), "\(change): \(error)") }
      }
    }
  }

  @Test("A resume that is refused names the key that has changed, and leaves the run's own pipeline as it was")
  func changedKey() async throws {
    try await withTemporaryDirectory { folder in
      try await Runs.run(SmallPipeline.yaml(), in: folder)
      let file = folder.appending(path: "pipeline.yaml")
      let before = try Data(contentsOf: file)
      for (change, words) in [
        ("stages.train.online-trainer.batch=8", "`stages.train.online-trainer.batch` is 8, and was 4"),
        (
          "stages.train.online-trainer.curriculum[1].steps=3",
          "`stages.train.online-trainer.curriculum[1].steps` is 3, and was 2"
        ),
        ("seed=4", "`seed` is 4, and was 3"),
        (
          "stages.train.online-trainer.weight-decay=0",
          "`stages.train.online-trainer.weight-decay` is 0, and was left out"
        ),
      ] {
        let error = await #expect(throws: RunError.self) {
          try await Runs.run(SmallPipeline.yaml(), in: folder, set: [change], resuming: true)
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(try Data(contentsOf: file) == before)
      }
    }
  }
}

@Suite("Keys of lists, and mistakes that are told once")
struct ListKeysTests {
  private func problems(_ yaml: String, _ overrides: [String] = []) -> [String] {
    do {
      _ = try PipelineDescription(text: yaml, overrides: overrides)
      return []
    } catch { return "\(error)".split(separator: "\n").map(String.init) }
  }

  @Test("--set reaches the items of lists, in brackets or behind a dot, and says how many there are")
  func lists() throws {
    for path in ["curriculum[1].steps", "curriculum.1.steps"] {
      let description = try PipelineDescription(
        text: SmallPipeline.yaml(), overrides: ["stages.train.online-trainer.\(path)=3"])
      #expect(description.values.contains(.init(path: "stages.train.online-trainer.curriculum[1].steps", text: "3")))
      #expect(description.values.contains(.init(path: "stages.train.online-trainer.curriculum[0].steps", text: "1")))
    }
    let beyond = problems(SmallPipeline.yaml(), ["stages.train.online-trainer.curriculum[2].steps=3"])
    #expect(beyond.count == 1 && beyond[0].contains("a list of 2 items, which are counted from 0"))
    // A value that is wrong is the override's fault, not the file's.
    let wrong = problems(SmallPipeline.yaml(), ["stages.train.online-trainer.curriculum[1].steps=many"])
    #expect(wrong.count == 1 && wrong[0].hasPrefix("--set stages.train.online-trainer.curriculum[1].steps=many: "))
  }

  @Test("A misspelt key of the command line is the command line's, not the file's")
  func override() {
    let said = problems(SmallPipeline.yaml(), ["stages.train.online-trainer.bacth=8"])
    #expect(said.count == 1 && said[0].hasPrefix("--set stages.train.online-trainer.bacth=8: "), "\(said)")
    #expect(said.first?.contains("did you mean `batch`?") == true)
  }

  @Test(
    "A misspelt word gives one message, whatever depends on it",
    arguments: [
      ("simulate: {", "simulat: {"), ("online-trainer:", "online-trianer:"), ("verdict: {", "verdit: {"),
      ("zarr: {", "zar: {"), ("until: train", "until: trian"), ("checkpoint-watch: {}", "checkpoint-wach: {}"),
      ("batch: 4", "bacth: 4"), ("from: evaluate", "from: evalute"), ("horizon: 10", "horzion: 10"),
    ])
  func typo(right: String, wrong: String) {
    let said = problems(SmallPipeline.yaml().replacing(right, with: wrong))
    #expect(said.count == 1, "\(said)")
    #expect(said.first?.contains("did you mean") == true, "\(said)")
  }

  @Test("What catalogues teach is JSON for programs, with the keys of each section")
  func guides() throws {
    struct Content: Decodable {
      var word: String
      var summary: String
      var keys: [Key]?
      struct Key: Decodable {
        var name: String
        var meaning: String
        var keys: [Key]?
      }
    }
    func decode<T: Decodable>(_ text: String, _: T.Type) throws -> T {
      try JSONDecoder().decode(T.self, from: Data(text.utf8))
    }
    let all = try decode(ComponentGuide(nil).json, [Content].self)
    #expect(all.count == ComponentCatalogue.all.count && all.allSatisfy { !$0.summary.isEmpty })
    let trainer = try decode(ComponentGuide("online-trainer").json, Content.self)
    #expect(trainer.keys?.contains { $0.name == "initial-weights" } == true)
    #expect(trainer.keys?.first { $0.name == "validation" }?.keys?.contains { $0.name == "windows" } == true)
    #expect(try decode(CatalogueGuide.systems(nil, json: true), [Content].self).contains { $0.word == "lorenz-63" })
    #expect(
      try decode(CatalogueGuide.models("mlp", json: true), Content.self).keys?.contains { $0.name == "width" } == true)
    #expect(throws: RunError.self) { try CatalogueGuide.systems("lorenz-36", json: true) }
  }
}
