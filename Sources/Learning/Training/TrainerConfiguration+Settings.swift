public import Settings

extension TrainerConfiguration {
  /// Reads the keys of a trainer's section that say how a model is trained: `model`, the curriculum, the learning rate,
  /// the loss, `augment` and what an anomaly does. Problems are reported to the section. The seed, the layout of the
  /// states and the scales are not read here.
  public init(_ section: ConfigurationSection) {
    self.init(
      model: ModelConfiguration(section.section("model", "The network")), curriculum: Curriculum(section))
    readRecipe(section)
  }

  /// The same for a family and a curriculum that are given, with the family's keys beside the recipe's on one level.
  public init(_ family: ModelFamily, _ section: ConfigurationSection, curriculum: Curriculum) {
    self.init(model: ModelConfiguration(family, section), curriculum: curriculum)
    readRecipe(section)
  }

  private mutating func readRecipe(_ section: ConfigurationSection) {
    batchSize = section.integer("batch", default: 64, in: 1...65_536, "Windows in a batch")
    schedule = LearningRateSchedule(section)
    weightDecay = Float(section.number("weight-decay", default: 1e-5, in: 0...10, "AdamW's weight decay"))
    maximumGradientNorm = Float(
      section.number("gradient-norm", default: 1, in: 1e-6...1e9, "Gradients are clipped to this norm"))
    average = section.optionalNumber(
      "average",
      "Share of a moving average of the weights that a step keeps (0.999), which is then judged; none for no average"
    ).map { value in
      if !(0..<1).contains(value) { section.problem("must be from 0 to below 1, got \(value)", key: "average") }
      return Float(value)
    }
    teacherForcing = Float(
      section.number(
        "teacher-forcing", default: 0, in: 0...1, "α of generalised teacher forcing; 0 feeds back predictions alone"))
    loss = LossConfiguration(section)
    augmentation = SymmetryAugmentation(section.section("augment", "Symmetries that samples are moved by"))
    anomalies = section.choice(
      "on-anomaly", default: "skip", among: [("skip", .skip), ("stop", .stop)],
      "What a loss that is not finite, or explodes, does")
    largestLoss = section.optionalNumber("largest-loss", "A loss above this is an explosion").map { Float($0) }
    if let bound = largestLoss, bound <= 0 { section.problem("must be above 0", key: "largest-loss") }
    workers = section.integer("workers", default: 2, in: 1...256, "Cores that the trainer may use")
  }

  /// Whether a training with this configuration may go on from one with the other: all the same but the scales, which
  /// the data say, the cores, which change no bit, and the layout and the interval where one of the two does not know
  /// them yet (the data say them too; an earlier checkpoint lacks the layout).
  public func continues(_ other: TrainerConfiguration) -> Bool {
    var other = other
    other.model.scales = model.scales
    other.workers = workers
    if model.layout == nil || other.model.layout == nil { other.model.layout = model.layout }
    if model.interval == nil || other.model.interval == nil { other.model.interval = model.interval }
    return self == other
  }
}
