internal import Foundation
public import Tensors
public import Trajectories

/// Trains a model, one batch at a time, as the published recipe says.
///
/// The caller chooses the batches; everything else (noise, dropout, learning rate) is a function of the configuration
/// and of the number of the batch, so that a trainer resumed from a checkpoint goes on to the same bits. The weights and
/// their gradient belong to the model's backend. A trainer belongs to one task at a time, and a step keeps its thread
/// busy for milliseconds to seconds.
///
/// ```swift
/// let trainer = try Trainer(configuration: configuration)
/// for try await window in windows {
///   reservoir.insert(window)
///   let batch = try reservoir.batch(trainer.batchSize, steps: trainer.stage.steps, step: trainer.step)
///   let report = try trainer.step(batch)
/// }
/// ```
public final class Trainer {
  public private(set) var configuration: TrainerConfiguration
  /// Batches seen so far, which is also the number of the next one.
  public private(set) var step = 0
  /// Batches that changed the parameters.
  public private(set) var updates = 0
  /// The last batch whose loss or gradient was not finite or exploded, kept for inspection, and why.
  public private(set) var lastAnomaly: TrainingAnomaly?

  private var backend: any TrainingBackend
  /// The moving average of the weights, where there is one.
  private var averages: WeightAverage?
  private let symmetries: [Permutation]
  private let ranks: RankGroup?
  private var group: (layout: StateLayout, symmetries: SymmetryGroup)?

  /// Starts from random weights.
  ///
  /// - Parameters:
  ///   - symmetries: Of the system, for augmentation; a density matrix on a ring has its own.
  ///   - ranks: Other processes that share each batch; they run a `FollowingTrainer`. The bits are the same as without.
  /// - Throws: `LearningError` of code `invalidConfiguration`.
  public convenience init(
    configuration: TrainerConfiguration, symmetries: [Permutation] = [], ranks: RankGroup? = nil
  ) throws {
    try configuration.validate()
    let model = configuration.model
    let type = try ModelCatalogue.type(model.family, for: model.layout)
    try self.init(
      configuration: configuration, parameters: type.initialParameters(model, seed: configuration.seed),
      symmetries: symmetries, ranks: ranks)
  }

  /// Starts from given weights, with an optimizer that has seen nothing.
  /// - Throws: `LearningError` of code `invalidConfiguration` or `checkpointMismatch`.
  public init(
    configuration: TrainerConfiguration, parameters: [Float], symmetries: [Permutation] = [], ranks: RankGroup? = nil
  ) throws {
    try configuration.validate()
    let model = configuration.model
    let count = try model.parameterCount
    guard parameters.count == count else {
      throw LearningError(
        .checkpointMismatch,
        "the model has \(count) parameters, \(parameters.count) were given; is it the same configuration?")
    }
    self.configuration = configuration
    self.symmetries = symmetries
    // What is fitted in closed form has no gradient to share.
    self.ranks = ModelCatalogue.takesEachWindowOnce(model.family) ? nil : ranks
    backend = try Self.backend(
      ModelCatalogue.model(model, parameters: parameters), configuration, self.ranks)
    averages = configuration.average.map { WeightAverage(keep: $0, parameters) }
    if let wanted = configuration.augmentation, let layout = model.layout {
      group = (layout, try SymmetryGroup(wanted, of: layout, symmetries: symmetries))
    }
  }

  /// Goes on where a checkpoint was taken, to the same bits.
  ///
  /// - Parameters:
  ///   - layout: Of the states that come, where the checkpoint does not say it (those of earlier versions do not).
  ///   - symmetries: Of the system, as above.
  ///   - ranks: As above.
  /// - Throws: `LearningError` when the checkpoint has no training state, does not fit its configuration, or was trained
  ///   on states of other fields.
  public convenience init(
    resuming checkpoint: Checkpoint, layout: StateLayout? = nil, symmetries: [Permutation] = [],
    ranks: RankGroup? = nil
  ) throws {
    guard var training = checkpoint.training else {
      throw LearningError(
        .checkpointMismatch,
        "the checkpoint holds weights only, without the optimizer's state; start a new training from its parameters")
    }
    if let layout {
      guard checkpoint.layout == nil || checkpoint.layout == layout else {
        throw LearningError(
          .checkpointMismatch,
          "the checkpoint was trained on states of \(checkpoint.layout!.summary), those that come are of "
            + layout.summary)
      }
      training.configuration.model.layout = layout
    }
    try self.init(
      configuration: training.configuration, parameters: checkpoint.parameters, symmetries: symmetries, ranks: ranks)
    let sums = try ModelCatalogue.type(
      training.configuration.model.family, for: training.configuration.model.layout
    ).sumsLayout(training.configuration.model).count
    let count = sums == 0 ? checkpoint.parameters.count : 0
    guard training.firstMoments.count == count, training.secondMoments.count == count, training.sums.count == sums
    else {
      throw LearningError(.checkpointMismatch, "what the optimizer remembers does not have the shape of the parameters")
    }
    guard (training.trained == nil) == (training.configuration.average == nil) else {
      throw LearningError(
        .checkpointMismatch, "the average of the weights and the weights themselves are not both there")
    }
    backend.write(
      Weights(
        parameters: training.trained ?? checkpoint.parameters, firstMoments: training.firstMoments,
        secondMoments: training.secondMoments,
        sums: training.sums))
    step = training.step
    updates = training.updates
  }

  /// The stage of the curriculum that the next batch belongs to: how many steps it must have.
  public var stage: CurriculumStage { configuration.curriculum.position(of: step).stage }
  /// Whether every stage of the curriculum is done. Training may go on in the last.
  ///
  /// A model that takes each window once has no curriculum and is never finished.
  public var isFinished: Bool { !takesEachWindowOnce && step >= configuration.curriculum.batches }
  /// Whether every window of the data is to be given once, in order, a batch of one each.
  public var takesEachWindowOnce: Bool { ModelCatalogue.takesEachWindowOnce(configuration.model.family) }
  /// Steps of the whole training; 0 where the data decide.
  public var plannedSteps: Int { takesEachWindowOnce ? 0 : configuration.curriculum.batches }
  public var batchSize: Int { configuration.batchSize }

  /// All parameters, in the order of the family's parameter layout; their average where there is one.
  public var parameters: [Float] { averages?.values ?? backend.read().parameters }

  /// The model as it is now, for rollouts; training does not change it.
  public func model() throws -> any TrainableModel {
    try ModelCatalogue.model(configuration.model, parameters: parameters)
  }

  /// Everything needed to go on later.
  public func checkpoint() -> Checkpoint {
    let weights = backend.read()
    return Checkpoint(
      model: configuration.model, parameters: averages?.values ?? weights.parameters,
      training: Checkpoint.Training(
        configuration: configuration, step: step, updates: updates, firstMoments: weights.firstMoments,
        secondMoments: weights.secondMoments, sums: weights.sums, trained: averages.map { _ in weights.parameters }))
  }

  /// Goes on by another schedule of the learning rate, from the next step on; nothing else changes.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a rate that is not positive and finite.
  public func adopt(_ schedule: LearningRateSchedule) throws {
    var changed = configuration
    changed.schedule = schedule
    try changed.validate()
    configuration = changed
  }

  /// Replaces the scales while data are still coming.
  ///
  /// The weights stay, so that the model's function changes by the ratio of the scales: do it early, and rarely.
  /// `ScalarRule` says when.
  /// - Throws: `LearningError` of code `invalidConfiguration` when a scale is not positive and finite.
  public func adopt(_ scales: FieldScales) throws {
    guard !takesEachWindowOnce || step == 0 else {
      throw LearningError(
        .invalidConfiguration,
        "the \(configuration.model.family.rawValue) keeps sums in the scales that it began with; let `scalars` freeze")
    }
    var changed = configuration
    changed.model.scales = scales
    try changed.validate()
    let weights = backend.read()
    let model = try ModelCatalogue.model(changed.model, parameters: weights.parameters)
    backend = try Self.backend(model, changed, ranks)
    backend.write(weights)
    configuration = changed
  }

  /// Learns from one batch: forward, loss, backward through all steps, clipping and AdamW.
  ///
  /// - Returns: The loss before the update, in all its terms.
  /// - Throws: `LearningError` of code `invalidData` when PARC gets no derivatives that its loss needs, `diverged`
  ///   when loss or gradient are not finite and the policy is to stop.
  @discardableResult
  public func step(_ batch: TrainingBatch) throws -> TrainingStepReport {
    let (terms, squaredNorm) = try gradient(of: batch, injection: nil)
    return try update(batch, terms: terms, squaredNorm: squaredNorm)
  }

  /// The terms of the loss of a batch, as step number `number` would see it; nothing is learned.
  ///
  /// With the parameters of a checkpoint taken before that step, this is the loss that it reported.
  public func loss(of batch: TrainingBatch, asStep number: Int) throws -> LossTerms {
    let current = step
    defer { step = current }
    step = number
    return try gradient(of: batch, injection: nil).terms
  }

  /// The step with masks and noise given, and the gradient before clipping: for comparison with other programs.
  func step(
    _ batch: TrainingBatch, injection: TrainingInjection
  ) throws -> (report: TrainingStepReport, gradient: [Float]) {
    let (terms, squaredNorm) = try gradient(of: batch, injection: injection)
    let gradient = backend.gradient
    return (try update(batch, terms: terms, squaredNorm: squaredNorm), gradient)
  }

  /// What computes the gradient: here alone, or with the other ranks.
  private static func backend(
    _ model: any TrainableModel, _ configuration: TrainerConfiguration, _ ranks: RankGroup?
  ) throws -> any TrainingBackend {
    guard let ranks else { return try model.backend(configuration.options) }
    return try LeadingBackend(model, configuration, ranks)
  }

  private func gradient(
    of batch: TrainingBatch, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    if configuration.model.needsTendencies(configuration.loss) {
      guard batch.samples.allSatisfy({ $0.window.tendencies != nil }) else {
        throw LearningError(
          .invalidData,
          "\(configuration.model.family.rawValue) learns from the time derivatives in each interval, and a window has "
            + "none; make the windows with derivatives or set derivativeCoefficient to 0")
      }
    }
    var batch = batch
    if let wanted = configuration.augmentation {
      if group?.layout != batch.layout {
        group = (batch.layout, try SymmetryGroup(wanted, of: batch.layout, symmetries: symmetries))
      }
      batch = batch.augmented(seed: configuration.seed, step: step, by: group!.symmetries)
    }
    let position = configuration.curriculum.position(of: step)
    let noise = position.stage.noise(at: position.stepInStage)
    return try backend.gradient(of: batch, step: step, noise: noise, injection: injection)
  }

  private func update(
    _ batch: TrainingBatch, terms: LossTerms, squaredNorm: Double
  ) throws -> TrainingStepReport {
    let rate = takesEachWindowOnce ? 0 : configuration.schedule.rate(at: step, in: configuration.curriculum)
    let norm = Float(squaredNorm.squareRoot())
    var report = TrainingStepReport(
      step: step, stage: configuration.curriculum.position(of: step).index, unrolled: batch.steps, loss: terms,
      learningRate: rate, gradientNorm: norm)
    let exploded = configuration.largestLoss.map { terms.total > $0 } ?? false
    if !terms.total.isFinite || !norm.isFinite || exploded {
      let reason =
        !terms.total.isFinite
        ? "the loss is not finite" : !norm.isFinite ? "the gradient is not finite" : "the loss exploded"
      report.anomaly = reason
      lastAnomaly = TrainingAnomaly(batch: batch, report: report)
      step += 1
      if configuration.anomalies == .stop {
        throw LearningError(
          .diverged,
          "step \(report.step): \(reason) (loss \(terms.total), gradient norm \(norm)); the parameters are those from "
            + "before the step. Lower the learning rate or the number of unrolled steps, or look at the batch")
      }
      return report
    }
    updates += 1
    // As torch.nn.utils.clip_grad_norm_ does it.
    let clip = min(1, configuration.maximumGradientNorm / (norm + 1e-6))
    backend.update(
      AdamW(
        clip: clip, rate: rate, beta1: configuration.beta1, beta2: configuration.beta2,
        correction1: Float(1 - pow(Double(configuration.beta1), Double(updates))),
        correction2: Float(1 - pow(Double(configuration.beta2), Double(updates))), epsilon: configuration.epsilon,
        decay: configuration.weightDecay, number: updates))
    if averages != nil { backend.withParameters { averages!.add($0, update: updates) } }
    step += 1
    return report
  }
}
