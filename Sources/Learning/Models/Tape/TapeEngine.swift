internal import CKernels
internal import Tensors
internal import Trajectories

/// Loss and gradient of one batch by the gradient tape: a recording for each size of shard, memory for every shard.
///
/// The loss is a root of a mean over the whole batch; so all shards run forward, the sums of squares give the factors of
/// the errors, and all run backward from the errors times these. B = batch, N = unrolled steps, S = numbers of a state.
// Unchecked: one thread runs a batch; within it each worker writes to the memory of its own shards, and
// `Workers.split` comes back when all have.
final class TapeEngine: @unchecked Sendable {
  /// What the memory was laid out for.
  struct Shape: Equatable {
    let layout: StateLayout
    let batch: Int
    let steps: Int
  }

  let shape: Shape
  private let step: TapeStep
  private let options: TrainingOptions
  private let partition: LossPartition
  private let workers: Workers
  private let parameterCount: Int
  private let shards: [Shard]
  private let gradients: ShardGradients
  /// (B, sums of the partition).
  private let sums: UnsafeMutablePointer<Double>

  /// Some of the samples, and the memory to run them.
  private struct Shard {
    let samples: Range<Int>
    let unrolling: TapeUnrolling
    let replay: TapeReplay
    /// (samples, N, S) derivatives of the loss with respect to the predictions.
    let seeds: UnsafeMutablePointer<Float>
  }

  init(_ step: TapeStep, parameterCount: Int, _ options: TrainingOptions, shape: Shape) {
    self.shape = shape
    self.step = step
    self.options = options
    self.parameterCount = parameterCount
    partition = options.loss.partition(shape.layout)
    let gradients = ShardGradients(of: shape.batch, size: parameterCount, ranks: options.ranks)
    self.gradients = gradients
    workers = Workers(count: max(1, min(options.workers, gradients.own.count)))
    var recordings: [Int: TapeUnrolling] = [:]
    shards = gradients.own.map { index in
      let samples = gradients.samples(of: index, total: shape.batch)
      let unrolling =
        recordings[samples.count]
        ?? TapeUnrolling(
          step, batch: samples.count, steps: shape.steps, teacherForcing: options.teacherForcing, drops: true)
      recordings[samples.count] = unrolling
      return Shard(
        samples: samples, unrolling: unrolling, replay: TapeReplay(unrolling.tape),
        seeds: .allocate(capacity: samples.count * shape.steps * step.size))
    }
    sums = .allocate(capacity: partition.sums * shape.batch)
  }

  deinit {
    for shard in shards { shard.seeds.deallocate() }
    sums.deallocate()
  }

  /// The gradient that `run` left, summed over the shards.
  var gradient: UnsafeMutablePointer<Float> { gradients.first }

  /// Computes loss and gradient.
  ///
  /// - Parameters:
  ///   - values: Parameters of the model.
  ///   - number: Number of the batch, for the random numbers.
  ///   - noise: Standard deviation of the noise on the input.
  /// - Throws: What the ranks' link throws.
  func run(
    _ batch: TrainingBatch, values: UnsafePointer<Float>, number: Int, noise: Float, injection: TrainingInjection?
  ) throws -> LossTerms {
    let weights = options.loss.stepWeights(shape.steps)
    // Only read, and not beyond this call.
    nonisolated(unsafe) let values = values
    workers.split(shards.count) { _, range in
      for shard in shards[range] {
        for index in shard.samples {
          prepare(batch.samples[index], index, shard, number: number, noise: noise, injection: injection)
        }
        shard.replay.forward(parameters: values, to: shard.unrolling.predicted)
        for index in shard.samples { addSquares(batch.samples[index], index, shard, weights) }
      }
    }
    let size = partition.sums
    try gradients.gather(sums, perSample: size, total: shape.batch)
    var total = [Double](repeating: 0, count: size)
    for index in 0..<shape.batch { for k in 0..<size { total[k] += sums[size * index + k] } }
    let (terms, coefficients) = partition.terms(total, states: shape.batch * shape.steps)
    workers.split(shards.count) { _, range in
      // Backwards, since the last shard is the one still in the cache.
      for position in range.reversed() {
        let shard = shards[position]
        for index in shard.samples { writeSeeds(batch.samples[index], index, shard, weights, coefficients) }
        shard.replay.backward(
          from: shard.unrolling.predicted, seeds: shard.seeds, parameters: values,
          gradients: gradients.cleared(gradients.own.lowerBound + position))
      }
    }
    try gradients.sum(workers)
    return LossTerms(state: terms, tendency: nil, weight: 0)
  }
}

// MARK: One sample

extension TapeEngine {
  /// Copies the input, adds noise, draws the dropout and writes what teacher forcing needs.
  private func prepare(
    _ sample: TrainingSample, _ index: Int, _ shard: Shard, number: Int, noise: Float, injection: TrainingInjection?
  ) {
    let size = step.size
    let row = index - shard.samples.lowerBound
    let start = shard.replay.values(of: shard.unrolling.start).baseAddress! + row * size
    sample.window.values.withUnsafeBufferPointer { values in
      let labels = values.baseAddress! + sample.offset * size
      start.update(from: labels, count: size)
      for (k, node) in shard.unrolling.forced.enumerated() {
        let forced = shard.replay.values(of: node).baseAddress! + row * size
        let label = labels + (k + 1) * size
        for j in 0..<size { forced[j] = options.teacherForcing * label[j] }
      }
    }
    if let added = injection?.noise {
      for k in 0..<size { start[k] += added[index * size + k] }
    } else if noise > 0 {
      shape.layout.addNoise(to: start, deviation: noise, seed: options.seed, sample: index, step: number)
    }
    guard !shard.unrolling.masks.isEmpty else { return }
    let count = step.network.maskCount
    let dropout = Double(step.network.dropout)
    let kept = Float(1 / (1 - dropout))
    var random = CounterRandom(seed: options.seed, purpose: .dropout, trajectory: UInt64(index), step: UInt64(number))
    for (k, node) in shard.unrolling.masks.enumerated() {
      let masks = shard.replay.values(of: node).baseAddress! + row * count
      for j in 0..<count {
        masks[j] =
          injection?.masks.map { $0[(index * shape.steps + k) * count + j] } ?? (random.uniform() < dropout ? 0 : kept)
      }
    }
  }

  /// Calls `body` with the true and the predicted state after each step, and where that lies among the shard's.
  private func forEachStep(
    _ sample: TrainingSample, _ index: Int, _ shard: Shard,
    _ body: (_ step: Int, _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ place: Int) -> Void
  ) {
    let predicted = shard.replay.values(of: shard.unrolling.predicted).baseAddress!
    let first = (index - shard.samples.lowerBound) * shape.steps
    sample.window.values.withUnsafeBufferPointer { values in
      for step in 0..<shape.steps {
        let place = (first + step) * self.step.size
        body(step, values.baseAddress! + (sample.offset + step + 1) * self.step.size, predicted + place, place)
      }
    }
  }

  private func addSquares(_ sample: TrainingSample, _ index: Int, _ shard: Shard, _ weights: [Float]) {
    let found = sums + partition.sums * index
    found.update(repeating: 0, count: partition.sums)
    forEachStep(sample, index, shard) { step, label, value, _ in
      partition.addSquares(label, value, weight: Double(weights[step]) * Double(weights[step]), to: found)
    }
  }

  private func writeSeeds(
    _ sample: TrainingSample, _ index: Int, _ shard: Shard, _ weights: [Float], _ coefficients: [Float]
  ) {
    forEachStep(sample, index, shard) { step, label, value, place in
      let seeds = shard.seeds + place
      seeds.update(repeating: 0, count: self.step.size)
      partition.addGradient(
        label, value, coefficients: coefficients, weight: weights[step] * weights[step], to: seeds)
    }
  }
}
