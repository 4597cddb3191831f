internal import CKernels
internal import Foundation
internal import Tensors

/// Loss and gradient of one batch: memory for every activation, and the passes over it.
///
/// B samples are split among the workers by index. B = batch, N = unrolled steps, S = 2L² + 2L floats of a state.
final class TrainingEngine: @unchecked Sendable {
  /// What the memory was laid out for.
  struct Shape: Equatable {
    let sites: Int
    let batch: Int
    let steps: Int
  }

  let shape: Shape
  let configuration: TrainerConfiguration
  let planes: Planes
  let networks: [ResidualNetwork]
  let parameterCount: Int
  let stateSize: Int
  let maskCount: Int
  private let workers: Workers

  /// (B, N + 1, S): the states that the model was given and gave; [0] is the noisy input.
  let states: FloatBuffer
  /// (B, N, S): what enters the model after teacher forcing; unused without.
  let fed: FloatBuffer
  /// (B, N, S): derivatives that PARC predicted.
  let rates: FloatBuffer
  /// (B, N, networks) tapes.
  let tapes: FloatBuffer
  let tapeSize: Int
  /// (B, N, networks, blocks, C) factors of dropout.
  let masks: FloatBuffer
  let packed: FloatBuffer
  let sites: FloatBuffer
  /// (workers, scratchSize).
  let scratch: FloatBuffer
  let scratchSize: Int
  /// (workers, parameters).
  let gradients: FloatBuffer
  /// (workers, sumsSize): sums for the gradients of weights.
  let weightSums: FloatBuffer
  let weightSumsSize: Int
  /// (B, 8): sums of squared errors of states and of rates.
  let sums: UnsafeMutablePointer<Double>

  init(_ configuration: TrainerConfiguration, shape: Shape) {
    self.shape = shape
    self.configuration = configuration
    planes = Planes(fastestFor: shape.sites)
    networks = ResidualNetwork.networks(of: configuration.model, order: planes.order)
    parameterCount = configuration.model.parameterCount
    stateSize = SurrogateState.size(sites: shape.sites)
    workers = Workers(count: min(configuration.workers, shape.batch))
    maskCount = networks.count * configuration.model.blocks * configuration.model.channels
    tapeSize = networks[0].tapeCount(planes)
    let count = shape.batch * shape.steps
    states = FloatBuffer(count: shape.batch * (shape.steps + 1) * stateSize)
    fed = FloatBuffer(count: configuration.teacherForcing > 0 ? count * stateSize : 0)
    rates = FloatBuffer(count: networks.count == 2 ? count * stateSize : 0)
    tapes = FloatBuffer(count: count * networks.count * tapeSize)
    masks = FloatBuffer(count: configuration.model.dropout > 0 ? count * maskCount : 0)
    packed = FloatBuffer(count: networks.map(\.packedCount).reduce(0, +))
    sites = FloatBuffer(count: planes.stride)
    planes.writeSites(to: sites.pointer)
    // Two gradients of states beside what the network needs, rounded to cache lines.
    scratchSize =
      (max(networks[0].backwardScratchCount(planes), networks[0].forwardScratchCount(planes)) + 2 * stateSize + 63) / 16
      * 16
    scratch = FloatBuffer(count: workers.count * scratchSize)
    gradients = FloatBuffer(count: workers.count * parameterCount)
    weightSumsSize = (networks.map(\.sumsCount).reduce(0, +) + 15) / 16 * 16
    weightSums = FloatBuffer(count: workers.count * weightSumsSize)
    sums = .allocate(capacity: 8 * shape.batch)
  }

  deinit { sums.deallocate() }

  /// Bytes that the engine holds.
  var byteCount: Int {
    4
      * (states.count + fed.count + rates.count + tapes.count + masks.count + packed.count + sites.count + scratch.count
        + gradients.count + weightSums.count)
  }

  var isProjected: Bool { configuration.model.constraint == .projection }

  /// The gradient that `run` left, summed over the workers.
  var gradient: UnsafeMutablePointer<Float> { gradients.pointer }

  /// Replaces what would be drawn at random, for comparisons with another program.
  struct Injection: Sendable {
    /// (B, N, networks, blocks, C) factors of dropout.
    var masks: [Float]?
    /// (B, S) what is added to the inputs.
    var noise: [Float]?
  }

  /// Computes loss and gradient.
  ///
  /// - Parameters:
  ///   - values: Parameters of the model.
  ///   - step: Number of the batch, for the random numbers.
  ///   - noise: Standard deviation of the noise on the input.
  func run(
    _ batch: TrainingBatch, values: UnsafePointer<Float>, step: Int, noise: Float, injection: Injection? = nil
  ) -> LossTerms {
    for network in networks { network.pack(values, into: packed.pointer, adjoints: true) }
    let loss = configuration.loss
    let weights = loss.stepWeights(shape.steps)
    let usesRates = networks.count == 2 && loss.derivativeCoefficient != 0
    nonisolated(unsafe) let values = values

    workers.split(shape.batch) { worker, samples in
      for index in samples {
        prepare(batch.samples[index], index: index, step: step, noise: noise, injection: injection)
        forward(batch.samples[index], index: index, worker: worker, values: values, weights: weights)
      }
    }

    var total = [Double](repeating: 0, count: 8)
    for index in 0..<shape.batch { for k in 0..<8 { total[k] += sums[8 * index + k] } }
    let rows = Double(shape.batch * shape.steps * shape.sites)
    let state = loss.components(Array(total[0..<4]), rows: rows, sites: shape.sites)
    let rate = usesRates ? loss.components(Array(total[4..<8]), rows: rows, sites: shape.sites) : nil
    let terms = loss.terms(states: state.terms, rates: rate?.terms)
    let stateCoefficients = state.coefficients
    let rateCoefficients = rate?.coefficients.map { $0 * loss.derivativeCoefficient }

    workers.split(shape.batch) { worker, samples in
      let gradient = gradients.pointer + worker * parameterCount
      let sums = weightSums.pointer + worker * weightSumsSize
      gradient.update(repeating: 0, count: parameterCount)
      sums.update(repeating: 0, count: weightSumsSize)
      // Backwards, since the last samples are the ones still in the cache.
      for index in samples.reversed() {
        backward(
          batch.samples[index], index: index, worker: worker, values: values, weights: weights,
          stateCoefficients: stateCoefficients, rateCoefficients: rateCoefficients)
      }
      for network in networks { network.finish(sums, gradients: gradient) }
    }
    for worker in 1..<max(workers.count, 1) {
      holstream_add_vectors(gradients.pointer, gradients.pointer + worker * parameterCount, parameterCount)
    }
    return terms
  }
}

// MARK: Where things lie

extension TrainingEngine {
  func state(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    states.pointer + (index * (shape.steps + 1) + step) * stateSize
  }
  func input(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    configuration.teacherForcing > 0 && step > 0
      ? fed.pointer + (index * shape.steps + step) * stateSize : state(index, step)
  }
  func rate(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    rates.pointer + (index * shape.steps + step) * stateSize
  }
  func tape(_ index: Int, _ step: Int, _ network: Int) -> UnsafeMutablePointer<Float> {
    tapes.pointer + ((index * shape.steps + step) * networks.count + network) * tapeSize
  }
  func mask(_ index: Int, _ step: Int, _ network: Int) -> UnsafeMutablePointer<Float>? {
    guard masks.count > 0 else { return nil }
    return masks.pointer + (index * shape.steps + step) * maskCount + network * maskCount / networks.count
  }
}
