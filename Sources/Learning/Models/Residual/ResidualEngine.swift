internal import CKernels
internal import Tensors
internal import Trajectories

/// Loss and gradient of one batch: memory for every activation, and the passes over it.
///
/// B samples are split among the workers by index, and gradients are summed over shards of the batch, so that the bits do
/// not depend on the number of workers. B = batch, N = unrolled steps, S = 2L² + 2L floats of a state.
// Unchecked: one thread runs a batch; within it each worker writes to the places of its own samples, shards and scratch,
// and `Workers.split` comes back when all have.
final class ResidualEngine: @unchecked Sendable {
  /// What the memory was laid out for.
  struct Shape: Equatable {
    let layout: StateLayout
    let batch: Int
    let steps: Int
  }

  let shape: Shape
  let options: TrainingOptions
  let dropout: Float
  let constraint: MatrixConstraint?
  let lattice: Int
  let partition: LossPartition
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
  let tendencies: FloatBuffer
  /// (B, N, R): what the constraint keeps of predictions.
  let records: FloatBuffer
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
  let gradients: ShardGradients
  /// (workers, sumsSize): sums for the gradients of weights.
  let weightSums: FloatBuffer
  let weightSumsSize: Int
  /// (B, 2, `partition.sums`): sums of squared errors of states and of derivatives.
  let sums: UnsafeMutablePointer<Double>

  /// - Throws: `LearningError` of code `invalidData` when a network of density matrices cannot learn such states.
  init(_ configuration: ModelConfiguration, _ options: TrainingOptions, shape: Shape) throws {
    self.shape = shape
    self.options = options
    lattice = try NetworkModel.sites(of: shape.layout, configuration)
    let settings = try ResidualSettings(configuration)
    dropout = settings.dropout
    constraint = MatrixConstraint(configuration.constraint, sites: lattice)
    partition = options.loss.partition(shape.layout)
    planes = Planes(fastestFor: lattice)
    networks = try ResidualNetwork.networks(
      of: configuration, fields: shape.layout.fields.map(\.name), order: planes.order, hasAdjoints: true)
    parameterCount = networks.map(\.parameterCount).reduce(0, +)
    stateSize = shape.layout.count
    workers = Workers(count: min(options.workers, shape.batch))
    maskCount = networks.count * settings.blocks * settings.channels
    tapeSize = networks[0].tapeCount(planes)
    let count = shape.batch * shape.steps
    states = FloatBuffer(count: shape.batch * (shape.steps + 1) * stateSize)
    fed = FloatBuffer(count: options.teacherForcing > 0 ? count * stateSize : 0)
    tendencies = FloatBuffer(count: networks.count == 2 ? count * stateSize : 0)
    records = FloatBuffer(count: count * (constraint?.recordCount ?? 0))
    tapes = FloatBuffer(count: count * networks.count * tapeSize)
    masks = FloatBuffer(count: dropout > 0 ? count * maskCount : 0)
    packed = FloatBuffer(count: networks.map(\.packedCount).reduce(0, +))
    sites = FloatBuffer(count: planes.stride)
    planes.writeSites(to: sites.pointer)
    // Two gradients of states beside what the network needs, rounded to cache lines.
    scratchSize =
      ([
        networks[0].backwardScratchCount(planes), networks[0].forwardScratchCount(planes),
        constraint?.scratchCount ?? 0,
      ].max()! + 2 * stateSize + 63) / 16 * 16
    scratch = FloatBuffer(count: workers.count * scratchSize)
    gradients = ShardGradients(of: shape.batch, size: parameterCount, ranks: options.ranks)
    weightSumsSize = (networks.map(\.sumsCount).reduce(0, +) + 15) / 16 * 16
    weightSums = FloatBuffer(count: workers.count * weightSumsSize)
    sums = .allocate(capacity: 2 * partition.sums * shape.batch)
  }

  deinit { sums.deallocate() }

  /// The gradient that `run` left, summed over the shards.
  var gradient: UnsafeMutablePointer<Float> { gradients.first }

  /// Computes loss and gradient.
  ///
  /// - Parameters:
  ///   - values: Parameters of the model.
  ///   - step: Number of the batch, for the random numbers.
  ///   - noise: Standard deviation of the noise on the input.
  /// - Throws: What the ranks' link throws.
  func run(
    _ batch: TrainingBatch, values: UnsafePointer<Float>, step: Int, noise: Float, injection: TrainingInjection? = nil
  ) throws -> LossTerms {
    for network in networks { network.pack(values, into: packed.pointer) }
    let loss = options.loss
    let weights = loss.stepWeights(shape.steps)
    let usesTendencies = networks.count == 2 && loss.derivativeCoefficient != 0
    // Only read, and not beyond this call.
    nonisolated(unsafe) let values = values

    let own = gradients.ownSamples(total: shape.batch)
    workers.split(own.count) { worker, samples in
      for sample in samples {
        let index = own.lowerBound + sample
        prepare(batch.samples[index], index: index, step: step, noise: noise, injection: injection)
        forward(batch.samples[index], index: index, worker: worker, values: values, weights: weights)
      }
    }

    let size = partition.sums
    try gradients.gather(sums, perSample: 2 * size, total: shape.batch)
    var total = [Double](repeating: 0, count: 2 * size)
    for index in 0..<shape.batch { for k in 0..<(2 * size) { total[k] += sums[2 * size * index + k] } }
    let count = shape.batch * shape.steps
    let state = partition.terms(Array(total[..<size]), states: count)
    let tendency = usesTendencies ? partition.terms(Array(total[size...]), states: count) : nil
    let terms = LossTerms(state: state.terms, tendency: tendency?.terms, weight: loss.derivativeCoefficient)
    let stateCoefficients = state.coefficients
    let tendencyCoefficients = tendency?.coefficients.map { $0 * loss.derivativeCoefficient }

    workers.split(gradients.own.count) { worker, shards in
      let sums = weightSums.pointer + worker * weightSumsSize
      // Backwards, since the last samples are the ones still in the cache.
      for shard in shards.reversed().map({ gradients.own.lowerBound + $0 }) {
        let gradient = gradients.cleared(shard)
        let samples = gradients.samples(of: shard, total: shape.batch)
        for index in samples.reversed() {
          backward(
            batch.samples[index], index: index, worker: worker, values: values, weights: weights,
            stateCoefficients: stateCoefficients, tendencyCoefficients: tendencyCoefficients,
            isFirst: index == samples.upperBound - 1, into: gradient)
        }
        for network in networks { network.finish(sums, gradients: gradient) }
      }
    }
    try gradients.sum(workers)
    return terms
  }
}

// MARK: Where things lie

extension ResidualEngine {
  func state(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    states.pointer + (index * (shape.steps + 1) + step) * stateSize
  }
  func input(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    options.teacherForcing > 0 && step > 0
      ? fed.pointer + (index * shape.steps + step) * stateSize : state(index, step)
  }
  func tendency(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    tendencies.pointer + (index * shape.steps + step) * stateSize
  }
  func tape(_ index: Int, _ step: Int, _ network: Int) -> UnsafeMutablePointer<Float> {
    tapes.pointer + ((index * shape.steps + step) * networks.count + network) * tapeSize
  }
  func record(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    records.pointer + (index * shape.steps + step) * (constraint?.recordCount ?? 0)
  }
  func mask(_ index: Int, _ step: Int, _ network: Int) -> UnsafeMutablePointer<Float>? {
    guard masks.count > 0 else { return nil }
    return masks.pointer + (index * shape.steps + step) * maskCount + network * maskCount / networks.count
  }
}
