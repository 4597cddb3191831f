/// Everything that determines a training run apart from its data.
public struct TrainerConfiguration: Codable, Sendable, Equatable {
  /// What to do with a batch whose loss or gradient is not finite.
  public enum AnomalyPolicy: String, Codable, Sendable {
    /// Leave the parameters as they are and go on.
    case skip
    /// Throw.
    case stop
  }

  public var model: ModelConfiguration
  public var curriculum: Curriculum
  public var schedule = LearningRateSchedule()
  public var loss = LossConfiguration()
  /// Samples in a batch; the caller fills it.
  public var batchSize = 64
  public var weightDecay: Float = 1e-5
  /// Largest norm of the gradient over all parameters; longer gradients are shortened to it.
  public var maximumGradientNorm: Float = 1
  /// Share of the moving average of the weights that an update keeps; nil for no average. Where there is one, it is what
  /// checkpoints hold and what is judged.
  public var average: Float?
  public var beta1: Float = 0.9
  public var beta2: Float = 0.999
  public var epsilon: Float = 1e-8
  /// Generalised teacher forcing (Hess et al. 2023): the state fed back is α data + (1 − α) prediction. 0 is the
  /// plain unrolling of the published recipe.
  public var teacherForcing: Float = 0
  /// Symmetries that the samples of each batch are moved by; nil for none, as published.
  public var augmentation: SymmetryAugmentation?
  public var anomalies = AnomalyPolicy.skip
  /// A loss above this is an explosion and is treated as one that is not finite; nil for no bound.
  public var largestLoss: Float?
  /// Seed of weights, noise, dropout and sampling.
  public var seed: UInt64 = 0
  /// Cores that one step may use; results are the same bits with any number.
  public var workers = 2

  /// What the model's backend must know.
  var options: TrainingOptions {
    var options = TrainingOptions()
    options.loss = loss
    options.teacherForcing = teacherForcing
    options.seed = seed
    options.workers = workers
    return options
  }

  public init(model: ModelConfiguration, curriculum: Curriculum) {
    self.model = model
    self.curriculum = curriculum
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` that names the setting and its bounds.
  public func validate() throws {
    try model.validate()
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw LearningError(.invalidConfiguration, message()) }
    }
    // The upper bounds keep sums of a configuration from an untrusted file from overflowing.
    try check((1...4096).contains(curriculum.stages.count), "the curriculum needs between 1 and 4096 stages")
    for (index, stage) in curriculum.stages.enumerated() {
      try check(
        (1...(1 << 48)).contains(stage.batches) && (1...65536).contains(stage.steps) && stage.noise >= 0
          && stage.noise.isFinite && stage.finalNoise.map { $0 >= 0 && $0.isFinite } != false,
        "stage \(index) of the curriculum needs at least one batch, 1 to 65536 steps and noise of at least 0: \(stage)"
      )
    }
    try check((1...1 << 20).contains(batchSize), "batchSize must be from 1 to \(1 << 20), got \(batchSize)")
    try check(schedule.base > 0 && schedule.base.isFinite, "the learning rate must be positive, got \(schedule.base)")
    try check((0...1 << 48).contains(schedule.warmUp), "the warm-up cannot last \(schedule.warmUp) batches")
    try check(maximumGradientNorm > 0, "maximumGradientNorm must be positive, got \(maximumGradientNorm)")
    try check(average.map { (0..<1).contains($0) } != false, "average must lie in 0..<1, got \(average ?? 0)")
    try check(
      average == nil || !ModelCatalogue.takesEachWindowOnce(model.family),
      "average is of no use to the family \(model.family.rawValue), whose weights follow from sums over the data")
    try check((0...1).contains(teacherForcing), "teacherForcing must lie between 0 and 1, got \(teacherForcing)")
    try check((1...256).contains(workers), "workers must be between 1 and 256, got \(workers)")
  }
}
