internal import Foundation
internal import Learning
internal import Settings

extension OnlineTraining.Settings {
  /// Reads the keys of the online trainer; problems are reported to the section.
  init(_ section: ConfigurationSection) {
    let model = Self.model(section.section("model", "The network"))
    let curriculum = Self.curriculum(section)
    var trainer = TrainerConfiguration(model: model, curriculum: curriculum)
    trainer.batchSize = section.integer("batch", default: 64, in: 1...65_536, "Windows in a batch")
    trainer.schedule = Self.schedule(section)
    trainer.weightDecay = Float(section.number("weight-decay", default: 1e-5, in: 0...10, "AdamW's weight decay"))
    trainer.maximumGradientNorm = Float(
      section.number("gradient-norm", default: 1, in: 1e-6...1e9, "Gradients are clipped to this norm"))
    trainer.teacherForcing = Float(
      section.number(
        "teacher-forcing", default: 0, in: 0...1, "α of generalised teacher forcing; 0 feeds back predictions alone"))
    trainer.loss = Self.loss(section)
    trainer.augmentation = Self.augmentation(section.section("augment", "Symmetries that samples are moved by"))
    trainer.anomalies = section.choice(
      "on-anomaly", default: "skip", among: [("skip", .skip), ("stop", .stop)],
      "What a loss that is not finite, or explodes, does")
    trainer.largestLoss = section.optionalNumber("largest-loss", "A loss above this is an explosion").map { Float($0) }
    if let bound = trainer.largestLoss, bound <= 0 { section.problem("must be above 0", key: "largest-loss") }
    trainer.workers = section.integer("workers", default: 2, in: 1...256, "Cores that the trainer may use")
    let windowLength = section.integer(
      "window", default: max(32, 2 * curriculum.maximumSteps), in: 1...4096, "Intervals in a window of the reservoir")
    if windowLength < curriculum.maximumSteps {
      section.problem("must be at least the longest unrolling, \(curriculum.maximumSteps) steps", key: "window")
    }
    let (rule, given) = Self.scalars(section.section("scalars", "What the network divides its input and output by"))
    if let given { trainer.model.scalars = given }
    self.init(
      trainer: trainer,
      framesPerStep: section.number(
        "frames-per-step", default: 0.25, in: 1e-6...1e6, "Frames of the stream between two optimizer steps"),
      warmUp: section.integer("warm-up-frames", default: 2000, in: 1...1_000_000_000, "Frames before the first step"),
      windowLength: windowLength,
      capacity: section.integer("reservoir", default: 1024, in: 1...10_000_000, "Windows in the reservoir"),
      policy: section.choice(
        "policy", default: "reservoir", among: Reservoir.Policy.allCases.map { ($0.rawValue, $0) },
        "What makes room in it"),
      needsRates: model.family == .parc && trainer.loss.derivativeCoefficient > 0,
      scalars: rule,
      validation: Self.validation(
        section.section("validation", "What held-out trajectories say during training"), windowLength),
      replay: Self.replay(section.section("replay", "Windows of a store that are mixed into the batches")))
  }

  private static func model(_ section: ConfigurationSection) -> ModelConfiguration {
    ModelConfiguration(
      family: section.choice(
        "family", default: "cnn", among: [("cnn", ModelFamily.cnn), ("parc", ModelFamily.parc)],
        "Direct network, or differentiator and integrator"),
      channels: section.integer("channels", default: 16, in: 1...1024, "Channels of the hidden layers"),
      blocks: section.integer("blocks", default: 1, in: 1...64, "Residual blocks"),
      dropout: Float(section.number("dropout", default: 0, in: 0...0.9, "Channel dropout (published: 0.2)")),
      zeroInitialisedOutput: section.flag(
        "zero-output", default: true, "The last layer starts at zero: training starts from persistence"),
      constraint: section.choice(
        "constrain", default: "none", among: [("none", nil), ("projection", StateConstraint.projection)],
        "Every predicted ρ is made Hermitian with trace L/2, in training and in rollouts"))
  }

  private static func curriculum(_ section: ConfigurationSection) -> Curriculum {
    let stages = section.list("curriculum", "Stages, in order: { batches, steps, noise }") { stage in
      CurriculumStage(
        batches: stage.integer("batches", default: 1000, in: 1...1_000_000_000, "Optimizer steps"),
        steps: stage.integer("steps", default: 1, in: 1...128, "Predicted steps that are unrolled"),
        noise: Float(
          stage.number("noise", default: 0, in: 0...10, "Standard deviation of the noise on the first input")))
    }
    typealias Published = (Int) -> Curriculum
    let published: Published? = section.choice(
      "published-curriculum", default: "none",
      among: [
        ("none", nil), ("shallow", { Curriculum.shallowQuench(virtualEpoch: $0) }),
        ("deep", { Curriculum.deepQuench(virtualEpoch: $0) }),
      ],
      "The published stages instead of a list")
    let epoch = section.integer(
      "virtual-epoch", default: 8192, in: 1...1_000_000, "Batches that an epoch of the published stages stands for")
    if let stages, stages.isEmpty { section.problem("needs at least one stage", key: "curriculum") }
    if stages != nil, published != nil {
      section.problem("goes not together with `published-curriculum`; give one of them", key: "curriculum")
    }
    if section.has("virtual-epoch"), published == nil {
      section.problem("is of no use without `published-curriculum`", key: "virtual-epoch")
    }
    return published.map { $0(epoch) }
      ?? Curriculum(
        stages: stages.flatMap { $0.isEmpty ? nil : $0 } ?? [CurriculumStage(batches: 1000, steps: 1, noise: 0)])
  }

  private static func schedule(_ section: ConfigurationSection) -> LearningRateSchedule {
    LearningRateSchedule(
      base: Float(
        section.number(
          "learning-rate", default: 1e-3, in: 1e-9...1, "Largest learning rate of each stage (published: 1e-4)")),
      warmUp: section.integer("warm-up-steps", default: 500, "Steps of linear warm-up in each stage"),
      minimum: Float(
        section.number("smallest-rate", default: 1e-2, in: 0...1, "Floor of the cosine, as a share of the largest")),
      floor: section.choice(
        "floor", default: "paper", among: [("paper", .paper), ("code", .code)],
        "The floor as the paper means it, or as its code computes it"),
      finalFraction: section.optionalNumber(
        "final-rate", "Share of the rate that a linear decay over all stages leaves; none for no decay"
      ).map { value in
        if !(0...1).contains(value) { section.problem("must be from 0 to 1, got \(value)", key: "final-rate") }
        return Float(value)
      })
  }

  private static func loss(_ section: ConfigurationSection) -> LossConfiguration {
    var loss = LossConfiguration()
    loss.derivativeCoefficient = Float(
      section.number("derivative-loss", default: 1, in: 0...1e6, "Weight of the derivative loss (PARC)"))
    loss.separatesDiagonal = section.flag(
      "separate-diagonal", default: true, "The diagonal of ρ is a term of its own in the loss")
    loss.stepCoefficient = section.optionalNumber(
      "step-weight", "c: errors of unrolled step k weigh cᵏ / Σ cᵏ; none for equal weights"
    ).map { value in
      if !(value > 0 && value <= 1e3) { section.problem("must be above 0 and at most 1000", key: "step-weight") }
      return Float(value)
    }
    return loss
  }

  private static func augmentation(_ section: ConfigurationSection) -> SymmetryAugmentation? {
    let symmetries = SymmetryAugmentation(
      translations: section.flag("translation", default: false, "The ring is turned at random"),
      reflections: section.flag("reflection", default: false, "The ring is mirrored at random"))
    return symmetries.translations || symmetries.reflections ? symmetries : nil
  }

  private static func scalars(_ section: ConfigurationSection) -> (rule: ScalarRule, given: DataScalars?) {
    enum Word { case freeze, adapt, given }
    let word = section.choice(
      "rule", default: "freeze", among: [("freeze", Word.freeze), ("adapt", .adapt), ("given", .given)],
      "Taken once from the windows before the first step; again when data outgrow them; or written here")
    let windows = section.integer(
      "windows", default: 1, in: 1...10_000_000, "Windows that must have come before the first step")
    let growth = section.number(
      "growth", default: 1.5, in: 1...1e6, "adapt: how much larger than its scalar a quantity may grow")
    var given = DataScalars.ones
    let names: [(String, WritableKeyPath<DataScalars, Float>, String)] = [
      ("rho", \.rho, "ρ"), ("Q", \.q, "Q"), ("P", \.p, "P"),
      ("drho", \.rhoRate, "dρ/dt"), ("dQ", \.qRate, "dQ/dt"), ("dP", \.pRate, "dP/dt"),
      ("delta-rho", \.rhoStep, "the change of ρ in an interval"), ("delta-Q", \.qStep, "the change of Q"),
      ("delta-P", \.pStep, "the change of P"),
    ]
    for (name, path, quantity) in names {
      given[keyPath: path] = Float(
        section.number(name, default: 1, in: 1e-30...1e30, "given: largest magnitude of \(quantity)"))
      if section.has(name), word != .given {
        section.problem("is of no use without `rule: given`; otherwise the data say it", key: name)
      }
    }
    return switch word {
    case .freeze: (.freeze(windows: windows), nil)
    case .adapt: (.adapt(windows: windows, growth: Float(growth)), nil)
    case .given: (.given, given)
    }
  }

  private static func validation(
    _ section: ConfigurationSection, _ windowLength: Int
  ) -> HeldOutWindows.Settings? {
    let every = section.integer("every", default: 500, in: 0...1_000_000_000, "Steps between validations; 0 for none")
    let windows = section.integer("windows", default: 16, in: 1...100_000, "Held-out windows, sampled from the stream")
    let steps = section.integer("steps", default: windowLength, in: 1...4096, "Frames that each is rolled out over")
    return every > 0 ? HeldOutWindows.Settings(every: every, windows: windows, steps: steps) : nil
  }

  private static func replay(_ section: ConfigurationSection) -> ReplayMix.Settings? {
    let path = section.text("path", default: "", "The store, relative to the current folder")
    let share = section.number("share", default: 0.5, in: 0...1, "Share of each batch that comes from it")
    let capacity = section.integer(
      "reservoir", default: 1024, in: 1...10_000_000, "Windows of it that are held in memory")
    guard path.isEmpty else { return ReplayMix.Settings(path: path, share: share, capacity: capacity) }
    if !section.names.isEmpty { section.problem("needs the path of a store: `path: FOLDER.zarr`", key: "path") }
    return nil
  }
}
