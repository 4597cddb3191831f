internal import CKernels
internal import Tensors

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
    }
    let terms = try engine!.run(batch, values: weights.values.pointer, step: step, noise: noise, injection: injection)
    return (terms, holstream_squared_norm(engine!.gradient, weights.count))
  }

  var gradient: [Float] {
    engine.map { Array(UnsafeBufferPointer(start: $0.gradient, count: weights.count)) } ?? []
  }

  func update(_ step: AdamW) {
    guard let engine else { return }
    weights.update(step, along: engine.gradient)
  }

  func read() -> Weights { weights.read() }

  func write(_ new: Weights) { weights.write(new) }
}
