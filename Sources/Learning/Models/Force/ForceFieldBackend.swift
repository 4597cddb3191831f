internal import CKernels
internal import Tensors
internal import Trajectories

/// Trains a force field: the root mean square of the force's error over all sites and frames of a batch.
///
/// Each interval of a sample is a lattice of its own, the frame before it with the force there.
// Unchecked: one thread runs a batch; within it each worker writes to the memory of its own shards, and
// `Workers.split` comes back when all have.
final class ForceFieldBackend: TrainingBackend, @unchecked Sendable {
  private struct Shape: Equatable {
    let layout: StateLayout
    let lattices: Int
  }

  // Unchecked: as above.
  private struct Shard: @unchecked Sendable {
    let lattices: Range<Int>
    let replay: ForceReplay
    /// (lattices, sites): displacements, then errors of the force, then the slope of the force in f.
    let q, error, slope, pull: UnsafeMutablePointer<Float>
  }

  private let settings: ForceFieldSettings
  private let tensors: [ParameterTensor]
  private let options: TrainingOptions
  private let weights: WeightBuffers
  private let coupling: Float
  private let springs: ElasticForce
  private var shape: Shape?
  private var shards: [Shard] = []
  private var gradients = ShardGradients(of: 0, size: 0)
  /// (lattices) sums of squared errors.
  private var sums: UnsafeMutablePointer<Double>?

  init(
    _ settings: ForceFieldSettings, tensors: [ParameterTensor], parameters: [Float], _ options: TrainingOptions
  ) throws {
    self.settings = settings
    self.tensors = tensors
    self.options = options
    weights = WeightBuffers(parameters)
    coupling = Float(try settings.physics.value("g"))
    springs = ElasticForce(
      stiffness: try settings.physics.value("k"), neighbourStiffness: try settings.physics.value("kappa"))
  }

  deinit { release() }

  private func release() {
    for shard in shards { for memory in [shard.q, shard.error, shard.slope, shard.pull] { memory.deallocate() } }
    shards = []
    sums?.deallocate()
    sums = nil
  }

  private func prepare(_ shape: Shape) throws {
    guard self.shape != shape else { return }
    guard let (rows, columns) = ForceFieldModel.extent(shape.layout) else {
      throw LearningError(
        .invalidData, "a force field learns from fields Q and P on a square lattice, not from \(shape.layout.summary)")
    }
    release()
    let gradients = ShardGradients(of: shape.lattices, size: weights.count, ranks: options.ranks)
    let network = settings.network(tensors)
    shards = gradients.own.map { index in
      let range = gradients.samples(of: index, total: shape.lattices)
      func memory() -> UnsafeMutablePointer<Float> { .allocate(capacity: range.count * rows * columns) }
      return Shard(
        lattices: range,
        replay: ForceReplay(network, isOdd: settings.isOdd, batch: range.count, rows: rows, columns: columns),
        q: memory(), error: memory(), slope: memory(), pull: memory())
    }
    self.gradients = gradients
    sums = .allocate(capacity: shape.lattices)
    self.shape = shape
  }

  func gradient(
    of batch: TrainingBatch, step number: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    guard noise == 0, injection?.noise == nil else {
      throw LearningError(
        .invalidConfiguration, "a force field learns the force at a frame, not beside it; leave the noise out")
    }
    guard batch.samples.allSatisfy({ $0.window.tendencies != nil }) else {
      throw LearningError(.invalidData, "a force field learns from forces, and a window has none")
    }
    let (steps, sites) = (batch.steps, batch.layout.count / 2)
    try prepare(Shape(layout: batch.layout, lattices: batch.samples.count * steps))
    let (shards, sums, workers) = (shards, sums!, Workers(count: max(1, min(options.workers, shards.count))))
    nonisolated(unsafe) let (values, pointers) = (weights.values.pointer, sums)
    workers.split(shards.count) { _, range in
      for shard in shards[range] {
        self.compare(shard, with: batch, parameters: values, sums: pointers)
      }
    }
    let lattices = batch.samples.count * steps
    try gradients.gather(sums, perSample: 1, total: lattices)
    let total = (0..<lattices).reduce(0) { $0 + sums[$1] }
    let count = Double(lattices * sites)
    let root = (total / count).squareRoot()
    let coefficient = root > 0 ? Float(1 / (root * count)) : 0
    let gradients = gradients
    workers.split(shards.count) { _, range in
      for position in range.reversed() {
        let shard = shards[position]
        for k in 0..<(shard.lattices.count * sites) { shard.error[k] *= coefficient * shard.slope[k] }
        shard.replay.addGradient(
          seeds: shard.error, parameters: values, to: gradients.cleared(gradients.own.lowerBound + position))
      }
    }
    try gradients.sum(workers)
    let terms = LossTerms(state: [.init(name: "force", value: Float(root))], tendency: nil, weight: 0)
    return (terms, holstream_squared_norm(gradients.first, gradients.size))
  }

  /// Forces of a shard's lattices: their errors, slopes in f, and sums of squares.
  private func compare(
    _ shard: Shard, with batch: TrainingBatch, parameters: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>
  ) {
    let (replay, sites) = (shard.replay, shard.replay.sites)
    let (steps, stride) = (batch.steps, batch.layout.count)
    func place(_ lattice: Int) -> (TrainingSample, Int) {
      let sample = batch.samples[lattice / steps]
      return (sample, (sample.offset + lattice % steps) * stride)
    }
    for (k, lattice) in shard.lattices.enumerated() {
      let (sample, at) = place(lattice)
      sample.window.values.withUnsafeBufferPointer {
        (shard.q + k * sites).update(from: $0.baseAddress! + at, count: sites)
      }
    }
    let values = replay.values(shard.q, parameters: parameters)
    let count = shard.lattices.count * sites
    switch (settings.elastic, settings.density) {
    case (.exact, .tanh):
      holstream_tape_function(Int32(HOLSTREAM_TANH), values, shard.error, count)
      for k in 0..<count {
        shard.slope[k] = coupling / 2 * (1 - shard.error[k] * shard.error[k])
        shard.error[k] *= coupling / 2
      }
    case (.exact, .linear):
      for k in 0..<count { (shard.error[k], shard.slope[k]) = (coupling * values[k], coupling) }
    case (.learned, _): for k in 0..<count { (shard.error[k], shard.slope[k]) = (values[k], 1) }
    }
    for (k, lattice) in shard.lattices.enumerated() {
      let (sample, at) = place(lattice)
      let (error, pull) = (shard.error + k * sites, shard.pull + k * sites)
      if settings.elastic == .exact {
        springs.write(shard.q + k * sites, rows: replay.rows, columns: replay.columns, into: pull)
        for site in 0..<sites { error[site] -= pull[site] }
      }
      sample.window.tendencies!.withUnsafeBufferPointer { labels in
        let label = labels.baseAddress! + at + sites
        var sum = 0.0
        for site in 0..<sites {
          error[site] -= label[site]
          sum += Double(error[site]) * Double(error[site])
        }
        sums[lattice] = sum
      }
    }
  }

  var gradient: [Float] {
    shape == nil ? [] : Array(UnsafeBufferPointer(start: gradients.first, count: weights.count))
  }

  func update(_ step: AdamW) {
    guard shape != nil else { return }
    weights.update(step, along: gradients.first)
  }

  func read() -> Weights { weights.read() }

  func withParameters(_ body: (UnsafePointer<Float>) -> Void) { body(weights.values.pointer) }

  func write(_ new: Weights) { weights.write(new) }
}
