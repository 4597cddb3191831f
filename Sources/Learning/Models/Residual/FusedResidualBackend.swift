internal import CKernels
internal import Tensors

/// Trains residual networks of density matrices by hand-written passes: each layer's forward and backward loops know
/// the layout of the planes, and nothing is allocated between steps of one shape.
final class FusedResidualBackend: TrainingBackend {
  private let configuration: ModelConfiguration
  private let options: TrainingOptions
  private let parameterCount: Int
  private let values: FloatBuffer
  private let firstMoments: FloatBuffer
  private let secondMoments: FloatBuffer
  private var engine: ResidualEngine?

  init(_ model: NetworkModel, _ options: TrainingOptions) throws {
    configuration = model.configuration
    self.options = options
    parameterCount = model.parameters.count
    values = FloatBuffer(count: parameterCount)
    values.assign(model.parameters)
    firstMoments = FloatBuffer(count: parameterCount)
    secondMoments = FloatBuffer(count: parameterCount)
  }

  func gradient(
    of batch: TrainingBatch, step: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    let shape = ResidualEngine.Shape(layout: batch.layout, batch: batch.samples.count, steps: batch.steps)
    if engine?.shape != shape {
      engine = nil
      engine = try ResidualEngine(configuration, options, shape: shape)
    }
    let terms = engine!.run(batch, values: values.pointer, step: step, noise: noise, injection: injection)
    return (terms, holstream_squared_norm(engine!.gradient, parameterCount))
  }

  var gradient: [Float] {
    engine.map { Array(UnsafeBufferPointer(start: $0.gradient, count: parameterCount)) } ?? []
  }

  func update(_ step: AdamW) {
    guard let engine else { return }
    holstream_adamw(
      values.pointer, engine.gradient, firstMoments.pointer, secondMoments.pointer, parameterCount, step.clip,
      step.rate,
      step.beta1, step.beta2, step.correction1, step.correction2, step.epsilon, step.decay)
  }

  func read() -> Weights {
    Weights(
      parameters: values.array(), firstMoments: firstMoments.array(), secondMoments: secondMoments.array())
  }

  func write(_ weights: Weights) {
    values.assign(weights.parameters)
    firstMoments.assign(weights.firstMoments)
    secondMoments.assign(weights.secondMoments)
  }
}
