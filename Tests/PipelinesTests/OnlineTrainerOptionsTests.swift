import Foundation
import Learning
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Settings

@Suite("The options of the online trainer")
struct OnlineTrainerOptionsTests {
  @Test(
    "Every option changes what is learned",
    arguments: [
      "model.constrain=projection", "model.constrain=spectrum", "average=0.9",
      "rate-span=whole", "model.dropout=0.3",
      "model.zero-output=false", "augment.reflection=true",
      "augment.translation=true", "scalars.windows=20", "scalars={ rule: adapt, growth: 1 }",
      "scalars={ rule: given, rho: 0.7, delta-rho: 0.05 }", "teacher-forcing=0.5", "weight-decay=0.5",
      "gradient-norm=1e-4", "warm-up-steps=0", "smallest-rate=0.9", "floor=code", "final-rate=0.1",
      "separate-diagonal=false", "step-weight=0.5", "largest-loss=1e-9", "learning-rate=1e-2", "policy=fifo",
      "reservoir=3", "window=8", "frames-per-step=3", "batch=3",
      "curriculum=[{ batches: 24, steps: 2, noise: 1e-3 }]",
      "curriculum=[{ batches: 24, steps: 3, noise: 1e-3, final-noise: 5e-3 }]",
    ])
  func changes(option: String) throws {
    let plain = try OnlineRehearsal.trained()
    let changed = try OnlineRehearsal.trained(option)
    #expect(changed.step == 24)
    let isFinite = changed.parameters.allSatisfy(\.isFinite)
    #expect(isFinite)
    let isOther = changed.parameters != plain.parameters
    #expect(isOther)
  }

  @Test("The options of PARC's derivatives change what is learned", arguments: ["derivative-loss=0.1"])
  func changesParc(option: String) throws {
    let plain = try OnlineRehearsal.trained("model.family=parc")
    let changed = try OnlineRehearsal.trained("model.family=parc", option)
    let isOther = changed.parameters != plain.parameters
    #expect(isOther)
  }

  @Test("Replay mixes windows of a store into the batches, held-out trajectories left out")
  func replay() async throws {
    try await withTemporaryDirectory { folder in
      let store = try OnlineRehearsal.store(in: folder)
      let plain = try OnlineRehearsal.trained()
      let mixed = try OnlineRehearsal.trained("replay={ path: \(store), share: 0.5 }")
      let other = try OnlineRehearsal.trained("replay={ path: \(store), share: 0.5, reservoir: 2 }")
      #expect(Set([plain, mixed, other].map(\.parameters)).count == 3)
      let settings = try OnlineRehearsal.settings("replay={ path: \(store), share: 0.5, reservoir: 3 }")
      let mix = try ReplayMix(
        #require(settings.replay), settings, layout: OnlineRehearsal.source.layout, state: nil,
        isHeldOut: OnlineRehearsal.isHeldOut)
      #expect(mix.reservoir.count == 3)
      #expect(mix.reservoir.state.entries.allSatisfy { !OnlineRehearsal.isHeldOut($0.trajectory) })
    }
  }

  @Test("With every option on, training gone on with from a checkpoint ends in the same bits")
  func resume() async throws {
    try await withTemporaryDirectory { folder in
      let store = try OnlineRehearsal.store(in: folder)
      let options = [
        "replay={ path: \(store), share: 0.5 }", "scalars={ rule: adapt, growth: 1.01 }", "augment.reflection=true",
        "augment.translation=true", "model.constrain=spectrum", "teacher-forcing=0.2", "average=0.9", "rate-span=whole",
      ]
      let settings = try OnlineRehearsal.settings(options)
      var straight = try OnlineRehearsal.training(settings)
      var kept: Checkpoint?
      for frame in try OnlineRehearsal.frames.get() {
        try straight.admit(frame)
        while straight.isStepDue {
          _ = try straight.step()
          if straight.trainer?.step == 9 { kept = try straight.checkpoint() }
        }
      }
      let checkpoint = try #require(kept)
      var resumed = try OnlineTraining(
        settings, resuming: checkpoint, source: OnlineRehearsal.source, startingAt: 0,
        isHeldOut: OnlineRehearsal.isHeldOut)
      for frame in try OnlineRehearsal.frames.get() {
        try resumed.admit(frame)
        while resumed.isStepDue { _ = try resumed.step() }
      }
      #expect(try resumed.checkpoint() == straight.checkpoint())
      #expect(resumed.trainer?.step == 24)
    }
  }

  @Test(
    "A model that learns from every window once goes on from a checkpoint to the same bits, windows that wait included",
    arguments: [
      "{ family: nvar, order: 2, taps: 2, radius: 0, forgetting: 0.99 }",
      "{ family: echo-state, units: 6, warm-up: 3, radius: 1 }",
    ])
  func once(model: String) async throws {
    let settings = try OnlineRehearsal.settings(["model=\(model)", "window=9", "warm-up-frames=90"])
    func run(_ training: inout OnlineTraining, keepingAt step: Int? = nil) throws -> Checkpoint? {
      var kept: Checkpoint?
      for frame in try OnlineRehearsal.frames.get() {
        try training.admit(frame)
        while training.isStepDue {
          let report = try training.step()
          #expect(report.anomaly == nil && report.loss.total.isFinite)
          if let validation = try training.validation() { #expect(validation.rollout.diverged == 0) }
          if training.trainer?.step == step { kept = try training.checkpoint() }
        }
      }
      return kept
    }
    var straight = try OnlineRehearsal.training(settings)
    let checkpoint = try #require(try run(&straight, keepingAt: 3))
    #expect(checkpoint.notes[OnlineTraining.reservoirNote]?.contains("arrival") == true, "windows wait")
    let copy = try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "copy.safetensors")
      try checkpoint.write(to: file)
      return try Checkpoint(contentsOf: file)
    }
    #expect(copy == checkpoint)
    var resumed = try OnlineTraining(
      settings, resuming: copy, source: OnlineRehearsal.source, startingAt: 0, isHeldOut: OnlineRehearsal.isHeldOut)
    _ = try run(&resumed)
    #expect(try resumed.checkpoint() == straight.checkpoint())
    // Six trajectories are learnt from, of 30 frames each: all transitions that have what comes before, once.
    let memory = settings.trainer.model.memory
    let sums = try #require(straight.checkpoint()?.training?.sums)
    #expect(sums[sums.count - 2] == Double(6 * (29 - memory)))
    #expect(!straight.isFinished)
  }

  @Test(
    "A wrong option is refused in words, where it stands",
    arguments: [
      ("model={ family: nvar, taps: 5, stride: 2 }", "must be more than the 8 frames that the model looks back"),
      ("model.constrain=hermitian", "constrain: expected one of none, projection"),
      ("augment.reflection=maybe", "reflection: expected true or false"),
      ("augment.rotation=true", "unknown key `rotation`"),
      ("scalars.rule=guess", "rule: expected one of freeze, adapt, given"),
      ("scalars={ rule: adapt, growth: 0.5 }", "growth: expected a number from 1.0"),
      ("scalars.rho=0.7", "is of no use without `rule: given`"),
      ("replay.share=0.5", "needs the path of a store"),
      ("replay={ path: x, share: 2 }", "share: expected a number from 0.0 to 1.0"),
      ("average=1", "average: must be from 0 to below 1"),
      ("rate-span=week", "rate-span: expected one of stages, whole"),
      ("curriculum=[{ batches: 24, final-noise: 20 }]", "final-noise: must be from 0 to 10"),
      ("teacher-forcing=1.5", "teacher-forcing: expected a number from 0.0 to 1.0"),
      ("final-rate=2", "final-rate: must be from 0 to 1"), ("step-weight=0", "step-weight: must be above 0"),
      ("largest-loss=-1", "largest-loss: must be above 0"), ("floor=cellar", "floor: expected one of paper, code"),
      ("published-curriculum=deep", "goes not together with `published-curriculum`"),
      ("virtual-epoch=10", "is of no use without `published-curriculum`"),
      ("window=2", "must be at least the longest unrolling, 3 steps"), ("curriculum=[]", "needs at least one stage"),
    ])
  func refused(option: String, message: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try OnlineRehearsal.settings(option) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "nothing")")
  }

  @Test("A store that does not fit the stream is refused in words")
  func wrongStore() async throws {
    try await withTemporaryDirectory { folder in
      let store = try OnlineRehearsal.store(in: folder, sites: 10)
      let error = #expect(throws: RunError.self) { try OnlineRehearsal.trained("replay.path=\(store)") }
      #expect(
        error?.message.contains(
          "holds states of rho [10, 10] complex, Q [10], P [10], the stream has rho [8, 8] complex") == true)
      #expect(throws: (any Error).self) {
        try OnlineRehearsal.trained("replay.path=\(folder.appending(path: "none.zarr").path)")
      }
    }
  }

  @Test("The published curriculum can be asked for by name, at any virtual epoch")
  func published() throws {
    let yaml = Miniature.yaml().replacing(/curriculum: \[.*\]/, with: "published-curriculum: deep")
    let description = try PipelineDescription(
      text: yaml, overrides: ["stages.train.online-trainer.virtual-epoch=10", "stages.train.online-trainer.window=32"])
    let stage = try #require(description.nodes.first { $0.id == "train" }?.component as? OnlineTrainerStage)
    #expect(stage.settings.trainer.curriculum == .deepQuench(virtualEpoch: 10))
  }

  @Test("The guide to the trainer lists its options")
  func guide() throws {
    let guide = try ComponentGuide("online-trainer").description
    for key in [
      "augment", "translation", "reflection", "constrain", "scalars", "rule", "growth", "replay", "share",
      "teacher-forcing", "step-weight", "derivative-loss", "floor", "dropout", "on-anomaly", "largest-loss",
    ] {
      #expect(guide.contains("\(key): "), "\(key)")
    }
  }
}
