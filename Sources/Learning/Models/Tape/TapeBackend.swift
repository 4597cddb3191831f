internal import CKernels
internal import Tensors
internal import Trajectories

/// Trains any network that can be recorded on the gradient tape. Nothing is allocated between steps of one shape, and
/// the bits do not depend on the number of workers.
final class TapeBackend: TrainingBackend {
  private let options: TrainingOptions
  private let parameterCount: Int
  private let step: (StateLayout) throws -> TapeStep
  private let values: FloatBuffer
  private let firstMoments: FloatBuffer
  private let secondMoments: FloatBuffer
  private var engine: TapeEngine?

  /// - Parameter step: What the model does in one interval with states of a layout, which throws where it cannot.
  init(
    parameters: [Float], _ options: TrainingOptions, step: @escaping (StateLayout) throws -> TapeStep
  ) {
    self.options = options
    self.step = step
    parameterCount = parameters.count
    values = FloatBuffer(count: parameterCount)
    values.assign(parameters)
    firstMoments = FloatBuffer(count: parameterCount)
    secondMoments = FloatBuffer(count: parameterCount)
  }

  func gradient(
    of batch: TrainingBatch, step number: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    let shape = TapeEngine.Shape(layout: batch.layout, batch: batch.samples.count, steps: batch.steps)
    if engine?.shape != shape {
      engine = nil
      engine = TapeEngine(try step(batch.layout), parameterCount: parameterCount, options, shape: shape)
    }
    let terms = engine!.run(batch, values: values.pointer, number: number, noise: noise, injection: injection)
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
