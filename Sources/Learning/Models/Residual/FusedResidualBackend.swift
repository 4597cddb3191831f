internal import CKernels
internal import Tensors
internal import Trajectories

/// Trains residual networks of density matrices by hand-written passes: each layer's forward and backward loops know
/// the layout of the planes, and nothing is allocated between steps of one shape.
final class FusedResidualBackend: TrainingBackend {
  private let configuration: ModelConfiguration
  private let options: TrainingOptions
  private let weights: WeightBuffers
  private var engine: ResidualEngine?

  init(_ model: NetworkModel, _ options: TrainingOptions) throws {
    configuration = model.configuration
    self.options = options
    weights = WeightBuffers(model.parameters)
  }

  func gradient(
    of batch: TrainingBatch, step: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    let shape = ResidualEngine.Shape(layout: batch.layout, batch: batch.samples.count, steps: batch.steps)
    if engine?.shape != shape {
      engine = nil
      engine = try ResidualEngine(configuration, options, shape: shape)
      try checkSpectrum(batch)
    }
    let terms = try engine!.run(batch, values: weights.values.pointer, step: step, noise: noise, injection: injection)
    return (terms, holstream_squared_norm(engine!.gradient, weights.count))
  }

  /// - Throws: `LearningError` of code `invalidData` for matrices whose eigenvalues are not what the model keeps them at:
  ///   it would learn to predict others than it is shown.
  private func checkSpectrum(_ batch: TrainingBatch) throws {
    guard let constraint = engine?.constraint else { return }
    for sample in batch.samples {
      let isKept = sample.window.values.withUnsafeBufferPointer {
        constraint.isKept(by: $0.baseAddress! + sample.offset * batch.layout.count, tolerance: 1e-3)
      }
      guard isKept else {
        throw LearningError(
          .invalidData,
          "`constrain: spectrum` keeps the eigenvalues of ρ at 0, ½ and 1, and those of trajectory "
            + "\(sample.window.trajectory) at frame \(sample.window.start + sample.offset) are others, as at a finite "
            + "temperature; use `constrain: projection`")
      }
    }
  }

  var gradient: [Float] {
    engine.map { Array(UnsafeBufferPointer(start: $0.gradient, count: weights.count)) } ?? []
  }

  func update(_ step: AdamW) {
    guard let engine else { return }
    weights.update(step, along: engine.gradient)
  }

  func read() -> Weights { weights.read() }

  func withParameters(_ body: (UnsafePointer<Float>) -> Void) { body(weights.values.pointer) }

  func write(_ new: Weights) { weights.write(new) }
}
