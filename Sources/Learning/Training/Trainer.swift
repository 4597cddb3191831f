internal import CKernels
internal import Foundation
internal import Tensors

/// Trains a network, one batch at a time, as the published recipe says.
///
/// The caller chooses the batches; everything else (noise, dropout, learning rate) is a function of the configuration
/// and of the number of the batch, so that a trainer resumed from a checkpoint goes on to the same bits. A trainer
/// belongs to one task at a time, and a step keeps its thread busy for milliseconds to seconds.
///
/// ```swift
/// let trainer = try Trainer(configuration: configuration)
/// for try await window in windows {
///   reservoir.insert(window)
///   let batch = try reservoir.batch(trainer.batchSize, steps: trainer.stage.steps, seed: 1, step: trainer.step)
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

  private let parameterCount: Int
  private let values: FloatBuffer
  private let firstMoments: FloatBuffer
  private let secondMoments: FloatBuffer
  private var engine: TrainingEngine?

  /// Starts from random weights.
  /// - Throws: `LearningError` of code `invalidConfiguration`.
  public convenience init(configuration: TrainerConfiguration) throws {
    try configuration.validate()
    let layout = ParameterLayout(configuration.model)
    try self.init(
      configuration: configuration, parameters: layout.initial(configuration.model, seed: configuration.seed))
  }

  /// Starts from given weights, with an optimizer that has seen nothing.
  /// - Throws: `LearningError` of code `invalidConfiguration` or `checkpointMismatch`.
  public init(configuration: TrainerConfiguration, parameters: [Float]) throws {
    try configuration.validate()
    parameterCount = configuration.model.parameterCount
    guard parameters.count == parameterCount else {
      throw LearningError(
        .checkpointMismatch,
        "the model has \(parameterCount) parameters, \(parameters.count) were given; is it the same configuration?")
    }
    self.configuration = configuration
    values = FloatBuffer(count: parameterCount)
    values.assign(parameters)
    firstMoments = FloatBuffer(count: parameterCount)
    secondMoments = FloatBuffer(count: parameterCount)
  }

  /// Goes on where a checkpoint was taken, to the same bits.
  /// - Throws: `LearningError` when the checkpoint has no training state or does not fit its configuration.
  public convenience init(resuming checkpoint: Checkpoint) throws {
    guard let training = checkpoint.training else {
      throw LearningError(
        .checkpointMismatch,
        "the checkpoint holds weights only, without the optimizer's state; start a new training from its parameters")
    }
    try self.init(configuration: training.configuration, parameters: checkpoint.parameters)
    guard training.firstMoments.count == parameterCount, training.secondMoments.count == parameterCount else {
      throw LearningError(.checkpointMismatch, "the optimizer's moments do not have the shape of the parameters")
    }
    firstMoments.assign(training.firstMoments)
    secondMoments.assign(training.secondMoments)
    step = training.step
    updates = training.updates
  }

  /// The stage of the curriculum that the next batch belongs to: how many steps it must have.
  public var stage: CurriculumStage { configuration.curriculum.position(of: step).stage }
  /// Whether every stage of the curriculum is done. Training may go on in the last.
  public var isFinished: Bool { step >= configuration.curriculum.batches }
  public var batchSize: Int { configuration.batchSize }

  /// All parameters, in the order of `ParameterLayout`.
  public var parameters: [Float] { values.array() }

  /// The network as it is now, for rollouts; training does not change it.
  public func model() throws -> NetworkModel {
    try NetworkModel(configuration: configuration.model, parameters: parameters)
  }

  /// Everything needed to go on later.
  public func checkpoint() -> Checkpoint {
    Checkpoint(
      model: configuration.model, parameters: parameters,
      training: Checkpoint.Training(
        configuration: configuration, step: step, updates: updates, firstMoments: firstMoments.array(),
        secondMoments: secondMoments.array()))
  }

  /// Replaces the data scalars while data are still coming.
  ///
  /// The weights stay, so that the model's function changes by the ratio of the scalars: do it early, and rarely.
  /// `ScalarRule` says when.
  /// - Throws: `LearningError` of code `invalidConfiguration` when a scalar is not positive and finite.
  public func adopt(_ scalars: DataScalars) throws {
    var changed = configuration
    changed.model.scalars = scalars
    try changed.validate()
    configuration = changed
    engine = nil
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
    _ batch: TrainingBatch, injection: TrainingEngine.Injection
  ) throws -> (report: TrainingStepReport, gradient: [Float]) {
    let (terms, squaredNorm) = try gradient(of: batch, injection: injection)
    let gradient = Array(UnsafeBufferPointer(start: engine!.gradient, count: parameterCount))
    return (try update(batch, terms: terms, squaredNorm: squaredNorm), gradient)
  }

  private func gradient(
    of batch: TrainingBatch, injection: TrainingEngine.Injection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    if configuration.model.family == .parc && configuration.loss.derivativeCoefficient != 0 {
      guard batch.samples.allSatisfy({ $0.window.rates != nil }) else {
        throw LearningError(
          .invalidData,
          "PARC learns from the derivatives in the middle of each interval, and a window has none; make the windows "
            + "with derivatives or set derivativeCoefficient to 0")
      }
    }
    let shape = TrainingEngine.Shape(sites: batch.sites, batch: batch.samples.count, steps: batch.steps)
    if engine?.shape != shape {
      engine = nil
      engine = TrainingEngine(configuration, shape: shape)
    }
    let noise = configuration.curriculum.position(of: step).stage.noise
    let batch =
      configuration.augmentation.map { batch.augmented(seed: configuration.seed, step: step, by: $0) } ?? batch
    let terms = engine!.run(batch, values: values.pointer, step: step, noise: noise, injection: injection)
    return (terms, holstream_squared_norm(engine!.gradient, parameterCount))
  }

  private func update(
    _ batch: TrainingBatch, terms: LossTerms, squaredNorm: Double
  ) throws -> TrainingStepReport {
    let rate = configuration.schedule.rate(at: step, in: configuration.curriculum)
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
    holstream_adamw(
      values.pointer, engine!.gradient, firstMoments.pointer, secondMoments.pointer, parameterCount, clip, rate,
      configuration.beta1, configuration.beta2, Float(1 - pow(Double(configuration.beta1), Double(updates))),
      Float(1 - pow(Double(configuration.beta2), Double(updates))), configuration.epsilon, configuration.weightDecay)
    step += 1
    return report
  }
}
