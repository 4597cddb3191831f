internal import Foundation
internal import Lattice
internal import Learning
internal import Streams

/// The trainer: learns from frames while they come.
struct OnlineTrainerStage: Component {
  static let word = "online-trainer"
  static let summary = "Trains a surrogate from the live stream, by the published recipe, and writes checkpoints."
  static let inputs: Set<ElementType> = [.frames]
  static let output: ElementType? = .trainingSteps

  private let settings: OnlineTraining.Settings
  private let checkpointEvery: Int
  private let keep: Int

  init(_ section: ConfigurationSection) {
    let model = section.section("model", "The network")
    let family = model.choice(
      "family", default: "cnn", among: [("cnn", ModelFamily.cnn), ("parc", ModelFamily.parc)],
      "Direct network, or differentiator and integrator")
    let configuration = ModelConfiguration(
      family: family, channels: model.integer("channels", default: 16, in: 1...1024, "Channels of the hidden layers"),
      blocks: model.integer("blocks", default: 1, in: 1...64, "Residual blocks"),
      dropout: Float(model.number("dropout", default: 0, in: 0...0.9, "Channel dropout (published: 0.2)")))
    let stages = section.list("curriculum", "Stages, in order: { batches, steps, noise }") { stage in
      CurriculumStage(
        batches: stage.integer("batches", default: 1000, in: 1...1_000_000_000, "Optimizer steps"),
        steps: stage.integer("steps", default: 1, in: 1...128, "Predicted steps that are unrolled"),
        noise: Float(
          stage.number("noise", default: 0, in: 0...10, "Standard deviation of the noise on the first input")))
    }
    let curriculum = Curriculum(
      stages: stages.flatMap { $0.isEmpty ? nil : $0 } ?? [CurriculumStage(batches: 1000, steps: 1, noise: 0)])
    var trainer = TrainerConfiguration(model: configuration, curriculum: curriculum)
    trainer.batchSize = section.integer("batch", default: 64, in: 1...65_536, "Windows in a batch")
    trainer.schedule = LearningRateSchedule(
      base: Float(
        section.number(
          "learning-rate", default: 1e-3, in: 1e-9...1, "Largest learning rate of each stage (published: 1e-4)")),
      warmUp: section.integer("warm-up-steps", default: 500, "Steps of linear warm-up in each stage"),
      minimum: Float(
        section.number("smallest-rate", default: 1e-2, in: 0...1, "Floor of the cosine, as a share of the largest")),
      floor: section.choice(
        "floor", default: "paper", among: [("paper", .paper), ("code", .code)],
        "The floor as the paper means it, or as its code computes it"))
    trainer.weightDecay = Float(section.number("weight-decay", default: 1e-5, in: 0...10, "AdamW's weight decay"))
    trainer.maximumGradientNorm = Float(
      section.number("gradient-norm", default: 1, in: 1e-6...1e9, "Gradients are clipped to this norm"))
    trainer.teacherForcing = Float(
      section.number(
        "teacher-forcing", default: 0, in: 0...1, "α of generalised teacher forcing; 0 feeds back predictions alone"))
    trainer.loss.derivativeCoefficient = Float(
      section.number("derivative-loss", default: 1, in: 0...1e6, "Weight of the derivative loss (PARC)"))
    trainer.anomalies = section.choice(
      "on-anomaly", default: "skip", among: [("skip", .skip), ("stop", .stop)], "What a loss that is not finite does")
    trainer.workers = section.integer("workers", default: 2, in: 1...256, "Cores that the trainer may use")
    let windowLength = section.integer(
      "window", default: max(32, 2 * curriculum.maximumSteps), in: 1...4096, "Intervals in a window of the reservoir")
    if windowLength < curriculum.maximumSteps {
      section.problem("must be at least the longest unrolling, \(curriculum.maximumSteps) steps", key: "window")
    }
    settings = OnlineTraining.Settings(
      trainer: trainer,
      framesPerStep: section.number(
        "frames-per-step", default: 0.25, in: 1e-6...1e6, "Frames of the stream between two optimizer steps"),
      warmUp: section.integer(
        "warm-up-frames", default: 2000, in: 1...1_000_000_000,
        "Frames before the first step; data scalars are taken from them and then frozen"),
      windowLength: windowLength,
      capacity: section.integer("reservoir", default: 1024, in: 1...10_000_000, "Windows in the reservoir"),
      policy: section.choice(
        "policy", default: "reservoir", among: Reservoir.Policy.allCases.map { ($0.rawValue, $0) },
        "What makes room in it"),
      needsRates: family == .parc && trainer.loss.derivativeCoefficient > 0)
    checkpointEvery = section.integer(
      "checkpoint-every", default: 1000, in: 1...1_000_000_000, "Steps between checkpoints")
    keep = section.integer("keep", default: 20, in: 1...1_000_000, "Newest checkpoints that are kept")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .frames(let frames)? = input, let origin = node.from, let source = assembly.frameSource(origin) else {
      return nil
    }
    var settings = settings
    settings.trainer.seed = assembly.description.seed
    let folder = CheckpointFolder(assembly.checkpointFolder)
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    let start = assembly.startPosition(of: origin)
    let isHeldOut: @Sendable (Int) -> Bool = { [assembly] in assembly.isHeldOut($0) }
    let stop = assembly.graph.stop
    let resumed = assembly.isResuming ? try folder.latest() : nil
    let (checkpointEvery, keep, fixed) = (checkpointEvery, keep, settings)
    let events = assembly.events
    // Fails now, with the reason, and not in the middle of the run.
    let prepared = Handover(
      try resumed.map {
        try OnlineTraining(fixed, resuming: $0.checkpoint, source: source, startingAt: start, isHeldOut: isHeldOut)
      }
        ?? OnlineTraining(fixed, source: source, startingAt: start, isHeldOut: isHeldOut))

    let flow: Flow<TrainingRecord> = assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(frames), on: ThreadExecutor(name: node.id)
    ) { frames, emit in
      var training = prepared.value
      var saved = training.trainer?.step
      func save() throws {
        guard let checkpoint = try training.checkpoint(), let step = training.trainer?.step, step != saved else {
          return
        }
        try checkpoint.write(to: folder.file(step: step).url)
        folder.retire(keep: keep, holding: Leases.shared.held)
        saved = step
      }
      var pace = Pace()
      reading: for try await frame in frames {
        try training.admit(frame)
        while training.isStepDue, !stop.isRequested {
          let report = try training.step()
          if let anomaly = report.anomaly {
            events.send(
              .message("Step \(report.step): \(anomaly); the batch was \(fixed.trainer.anomalies.rawValue)ped."))
          }
          try await emit(
            TrainingRecord(
              report: report, total: fixed.trainer.curriculum.batches, position: training.position,
              reservoir: report.step % 100 == 0 ? training.reservoir.report : nil, stepsPerSecond: pace.tick()))
          if training.trainer!.step % checkpointEvery == 0 { try save() }
        }
        if training.isFinished || stop.isRequested { break reading }
      }
      try save()
    }
    return .trainingSteps(flow)
  }

  /// Steps a second over the last hundred or so.
  private struct Pace {
    private var last = ContinuousClock.now
    private var average = 0.0
    mutating func tick() -> Double {
      let seconds = (ContinuousClock.now - last) / .seconds(1)
      last = .now
      average = average == 0 ? seconds : average * 0.98 + seconds * 0.02
      return average > 0 ? 1 / average : 0
    }
  }

  /// Carries the training from the thread that prepared it to the one that runs it; taken once.
  private struct Handover: @unchecked Sendable {
    let value: OnlineTraining
    init(_ value: OnlineTraining) { self.value = value }
  }
}
