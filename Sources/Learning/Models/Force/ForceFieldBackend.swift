internal import CKernels
internal import Tensors
internal import Trajectories

/// Trains a force field: the root mean square of the force's error over all sites and frames of a batch.
///
/// Each interval of a sample is a lattice of its own, the frame before it with the force there. The batch is cut into
/// shards by index, whose gradients are added in a binary tree, so that the bits do not depend on the number of workers.
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

  static let mostShards = 8

  private let settings: ForceFieldSettings
  private let tensors: [ParameterTensor]
  private let options: TrainingOptions
  private let weights: WeightBuffers
  private let coupling: Float
  private let springs: ElasticForce
  private var shape: Shape?
  private var shards: [Shard] = []
  private var gradients = FloatBuffer(count: 0)
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
    let count = min(Self.mostShards, shape.lattices)
    let network = settings.network(tensors)
    shards = (0..<count).map { index in
      let range = (index * shape.lattices / count)..<((index + 1) * shape.lattices / count)
      func memory() -> UnsafeMutablePointer<Float> { .allocate(capacity: range.count * rows * columns) }
      return Shard(
        lattices: range,
        replay: ForceReplay(network, isOdd: settings.isOdd, batch: range.count, rows: rows, columns: columns),
        q: memory(), error: memory(), slope: memory(), pull: memory())
    }
    gradients = FloatBuffer(count: count * weights.count)
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
    let (shards, sums, workers) = (shards, sums!, Workers(count: min(options.workers, shards.count)))
    nonisolated(unsafe) let (values, pointers) = (weights.values.pointer, sums)
    workers.split(shards.count) { _, range in
      for shard in shards[range] {
        self.compare(shard, with: batch, parameters: values, sums: pointers)
      }
    }
    let lattices = batch.samples.count * steps
    let total = (0..<lattices).reduce(0) { $0 + sums[$1] }
    let count = Double(lattices * sites)
    let root = (total / count).squareRoot()
    let coefficient = root > 0 ? Float(1 / (root * count)) : 0
    let (size, all) = (weights.count, Handed(gradients.pointer))
    workers.split(shards.count) { _, range in
      for position in range.reversed() {
        let shard = shards[position]
        for k in 0..<(shard.lattices.count * sites) { shard.error[k] *= coefficient * shard.slope[k] }
        let gradient = all.value + position * size
        gradient.update(repeating: 0, count: size)
        shard.replay.addGradient(seeds: shard.error, parameters: values, to: gradient)
      }
    }
    addShards(workers)
    let terms = LossTerms(state: [.init(name: "force", value: Float(root))], tendency: nil, weight: 0)
    return (terms, holstream_squared_norm(gradients.pointer, size))
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

  /// Sums the shards' gradients into the first: neighbours, then their sums, and so on.
  private func addShards(_ workers: Workers) {
    let (count, size, all) = (shards.count, weights.count, Handed(gradients.pointer))
    workers.split(size) { _, range in
      var distance = 1
      while distance < count {
        for shard in stride(from: 0, to: count - distance, by: 2 * distance) {
          let sum = all.value + shard * size + range.lowerBound
          holstream_add_vectors(sum, sum + distance * size, range.count)
        }
        distance *= 2
      }
    }
  }

  var gradient: [Float] {
    shape == nil ? [] : Array(UnsafeBufferPointer(start: gradients.pointer, count: weights.count))
  }

  func update(_ step: AdamW) {
    guard shape != nil else { return }
    weights.update(step, along: gradients.pointer)
  }

  func read() -> Weights { weights.read() }

  func write(_ new: Weights) { weights.write(new) }

  /// Workers write to parts of their own.
  private struct Handed: @unchecked Sendable {
    let value: UnsafeMutablePointer<Float>
    init(_ value: UnsafeMutablePointer<Float>) { self.value = value }
  }
}
