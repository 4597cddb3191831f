internal import CKernels
internal import Tensors
internal import Trajectories

/// Trains any network that can be recorded on the gradient tape. Nothing is allocated between steps of one shape, and
/// the bits do not depend on the number of workers.
final class TapeBackend: TrainingBackend {
  private let options: TrainingOptions
  private let step: (StateLayout) throws -> TapeStep
  private let weights: WeightBuffers
  private var engine: TapeEngine?

  /// - Parameter step: What the model does in one interval with states of a layout, which throws where it cannot.
  init(
    parameters: [Float], _ options: TrainingOptions, step: @escaping (StateLayout) throws -> TapeStep
  ) {
    self.options = options
    self.step = step
    weights = WeightBuffers(parameters)
  }

  func gradient(
    of batch: TrainingBatch, step number: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    let shape = TapeEngine.Shape(layout: batch.layout, batch: batch.samples.count, steps: batch.steps)
    if engine?.shape != shape {
      engine = nil
      engine = TapeEngine(try step(batch.layout), parameterCount: weights.count, options, shape: shape)
    }
    let terms = try engine!.run(
      batch, values: weights.values.pointer, number: number, noise: noise, injection: injection)
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

  func withParameters(_ body: (UnsafePointer<Float>) -> Void) { body(weights.values.pointer) }

  func write(_ new: Weights) { weights.write(new) }
}
