internal import CKernels
internal import Foundation
internal import Tensors
internal import Trajectories

/// Trains piecewise linear networks by backpropagation through whole sequences, forced by the data.
///
/// The gradient is that of the mean square error of what each step predicts before it is forced, in units of the scales;
/// the terms that are told are those of every family. Updates are RAdam's (Liu et al. 2020). The bits do not depend on the
/// number of workers.
final class PiecewiseLinearBackend: TrainingBackend {
  /// Batches between two looks at the Jacobians.
  private static let forcingEvery = 5

  private let kernel: PiecewiseLinearKernel
  private let settings: PiecewiseLinearSettings
  private let options: TrainingOptions
  private let scales: FieldScales
  private let check: (StateLayout) throws -> Void
  private let tensors: [ParameterTensor]

  private var parameters: [Float]
  private var firstMoments: [Float]
  private var secondMoments: [Float]
  private(set) var gradient: [Float]

  init(
    _ kernel: PiecewiseLinearKernel, _ settings: PiecewiseLinearSettings, parameters: [Float], scales: FieldScales,
    _ options: TrainingOptions, check: @escaping (StateLayout) throws -> Void
  ) {
    self.kernel = kernel
    self.settings = settings
    self.options = options
    self.scales = scales
    self.check = check
    self.parameters = parameters
    tensors = kernel.parameterLayout.tensors
    firstMoments = Array(repeating: 0, count: parameters.count)
    secondMoments = firstMoments
    gradient = firstMoments
  }

  /// What one shard of a batch needs and finds.
  private struct Shard: ~Copyable {
    let packed: FloatBuffer
    let own: FloatBuffer
    let memory: FloatBuffer
    var sums: [Double]
    var largestGrowth = 0.0

    init(_ kernel: PiecewiseLinearKernel, parameters: Int, steps: Int, sums: Int) {
      let (m, n, s) = (kernel.latent, kernel.observed, kernel.stride)
      packed = FloatBuffer(count: kernel.packedCount)
      own = FloatBuffer(count: parameters)
      memory = FloatBuffer(count: (steps + 1) * n + 2 * steps * m + 2 * m + 2 * s + m + n + m * m)
      self.sums = Array(repeating: 0, count: sums)
    }
  }

  /// A shard that one worker at a time uses.
  // Unchecked: `Workers.split` gives every shard to one worker, and comes back when all are done.
  private final class Place: @unchecked Sendable {
    var shard: Shard
    init(_ shard: consuming Shard) { self.shard = shard }
  }

  func gradient(
    of batch: TrainingBatch, step: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    let layout = batch.layout
    try check(layout)
    let partition = options.loss.partition(layout)
    let scale = StateEmbedding.spread(scales.states(layout.fields.map(\.name)), over: layout)
    let shards = ShardGradients(of: batch.samples.count, size: 0, ranks: options.ranks)
    let (count, own) = (shards.count, shards.own)
    let places = (0..<count).map { _ in
      Place(Shard(kernel, parameters: parameters.count, steps: batch.steps, sums: partition.sums))
    }
    let weights = FloatBuffer(count: kernel.packedCount)
    parameters.withUnsafeBufferPointer { kernel.pack($0.baseAddress!, into: weights.pointer) }
    let looks = kernel.isShallow && settings.isAdaptive && step % Self.forcingEvery == 0
    let workers = Workers(count: max(1, min(options.workers, own.count)))
    // Only read by the workers, and not beyond this call.
    nonisolated(unsafe) let packed = weights.pointer
    nonisolated(unsafe) let backend = self
    if looks {
      workers.split(own.count) { _, range in
        for index in range.map({ own.lowerBound + $0 }) {
          for sample in shards.samples(of: index, total: batch.samples.count) {
            backend.look(at: batch.samples[sample], steps: batch.steps, scale, packed, places[index])
          }
        }
      }
      var growths = places.map { $0.shard.largestGrowth }
      try growths.withUnsafeMutableBufferPointer { try shards.gather($0.baseAddress!, perShard: 1) }
      follow(growths.max() ?? 1)
    }
    let alpha = kernel.isShallow ? (settings.isAdaptive ? parameters[tensors[5].offset] : options.teacherForcing) : 0
    workers.split(own.count) { _, range in
      for index in range.map({ own.lowerBound + $0 }) {
        for sample in shards.samples(of: index, total: batch.samples.count) {
          backend.run(
            batch, sample, step: step, noise: noise, injection: injection, alpha: alpha, scale, partition, packed,
            places[index])
        }
      }
    }
    if options.ranks != nil { try gather(places, shards) }
    gradient = Array(repeating: 0, count: parameters.count)
    var sums = [Double](repeating: 0, count: partition.sums)
    // In the order of the shards, whoever ran them.
    for place in places {
      for k in sums.indices { sums[k] += place.shard.sums[k] }
      gradient.withUnsafeMutableBufferPointer { gradient in
        kernel.unpack(place.shard.packed.pointer, addingTo: gradient.baseAddress!)
        for k in gradient.indices { gradient[k] += place.shard.own.pointer[k] }
      }
    }
    regularise()
    let squaredNorm = gradient.reduce(0) { $0 + Double($1) * Double($1) }
    let terms = partition.terms(sums, states: batch.samples.count * batch.steps).terms
    return (LossTerms(state: terms, tendency: nil, weight: 0), squaredNorm)
  }

  /// Gives every rank what the shards of the others have found.
  private func gather(_ places: [Place], _ shards: ShardGradients) throws {
    let (packed, own, sums) = (kernel.packedCount, parameters.count, places[0].shard.sums.count)
    let floats = FloatBuffer(count: places.count * (packed + own))
    var doubles = [Double](repeating: 0, count: places.count * sums)
    for index in shards.own {
      let target = floats.pointer + index * (packed + own)
      target.update(from: places[index].shard.packed.pointer, count: packed)
      (target + packed).update(from: places[index].shard.own.pointer, count: own)
      for k in 0..<sums { doubles[index * sums + k] = places[index].shard.sums[k] }
    }
    try shards.gather(floats.pointer, perShard: packed + own)
    try doubles.withUnsafeMutableBufferPointer { try shards.gather($0.baseAddress!, perShard: sums) }
    for index in places.indices where !shards.own.contains(index) {
      let source = floats.pointer + index * (packed + own)
      places[index].shard.packed.pointer.update(from: source, count: packed)
      places[index].shard.own.pointer.update(from: source + packed, count: own)
      for k in 0..<sums { places[index].shard.sums[k] = doubles[index * sums + k] }
    }
  }

  /// The gradient of λ (Σ (1 − A)² + Σ W² + Σ h²).
  private func regularise() {
    let factor = 2 * settings.regularisation
    guard factor > 0 else { return }
    for tensor in tensors where !tensor.name.hasPrefix("initial") && tensor.name != "forcing" {
      let centre: Float = tensor.name == "A" ? 1 : 0
      for k in tensor.offset..<(tensor.offset + tensor.count) { gradient[k] += factor * (parameters[k] - centre) }
    }
  }

  /// x = u / s of a sample, with noise.
  private func write(
    _ sample: TrainingSample, _ number: Int, steps: Int, step: Int, noise: Float, _ scale: [Float],
    to x: UnsafeMutablePointer<Float>
  ) {
    let n = kernel.observed
    let values = sample.window.values
    for k in 0..<((steps + 1) * n) { x[k] = values[sample.offset * n + k] / scale[k % n] }
    guard noise > 0 else { return }
    var random = CounterRandom(
      seed: options.seed, purpose: .inputNoise, trajectory: UInt64(number), step: UInt64(step))
    for k in 0..<((steps + 1) * n) { x[k] += noise * Float(random.normal()) / scale[k % n] }
  }

  /// Forward and backward through one sample.
  private func run(
    _ batch: TrainingBatch, _ number: Int, step: Int, noise: Float, injection: TrainingInjection?, alpha: Float,
    _ scale: [Float], _ partition: LossPartition, _ weights: UnsafeMutablePointer<Float>, _ place: Place
  ) {
    var net = kernel.net
    let (m, n, s, steps) = (kernel.latent, kernel.observed, kernel.stride, batch.steps)
    let sample = batch.samples[number]
    let x = place.shard.memory.pointer
    let inputs = x + (steps + 1) * n
    let outputs = inputs + steps * m
    let (z0, dz0) = (outputs + steps * m, outputs + steps * m + m)
    let scratch = dz0 + m
    let predicted = scratch + 2 * s + m
    write(sample, number, steps: steps, step: step, noise: injection == nil ? noise : 0, scale, to: x)
    let interval = Int32(kernel.isShallow ? 0 : settings.interval)
    parameters.withUnsafeBufferPointer { kernel.begin(x, parameters: $0.baseAddress!, into: z0) }
    holstream_plrnn_forward(&net, weights, z0, x, Int32(steps), alpha, interval, inputs, outputs, scratch)
    sample.window.values.withUnsafeBufferPointer { values in
      place.shard.sums.withUnsafeMutableBufferPointer { sums in
        for t in 0..<steps {
          for k in 0..<n { predicted[k] = scale[k] * outputs[t * m + k] }
          partition.addSquares(
            values.baseAddress! + (sample.offset + t + 1) * n, predicted, weight: 1, to: sums.baseAddress!)
        }
      }
    }
    let factor = 2 / Float(batch.samples.count * steps * n)
    holstream_plrnn_backward(
      &net, weights, x, Int32(steps), alpha, interval, inputs, outputs, factor, place.shard.packed.pointer, dz0, scratch
    )
    kernel.beginBackward(x, dz0, addingTo: place.shard.own.pointer)
  }

  func update(_ step: AdamW) {
    let rectification = step.rectification
    for k in parameters.indices {
      let g = step.clip * gradient[k]
      firstMoments[k] = step.beta1 * firstMoments[k] + (1 - step.beta1) * g
      secondMoments[k] = step.beta2 * secondMoments[k] + (1 - step.beta2) * g * g
    }
    let fixed = kernel.isShallow ? tensors[5].offset : -1
    for k in parameters.indices where k != fixed {
      let mean = firstMoments[k] / step.correction1
      let size = rectification.map { $0 / ((secondMoments[k] / step.correction2).squareRoot() + step.epsilon) } ?? 1
      parameters[k] -= step.rate * (mean * size + step.decay * parameters[k])
    }
  }

  func read() -> Weights {
    Weights(parameters: parameters, firstMoments: firstMoments, secondMoments: secondMoments)
  }

  func write(_ weights: Weights) {
    parameters = weights.parameters
    firstMoments = weights.firstMoments
    secondMoments = weights.secondMoments
  }
}

// MARK: Adaptive forcing

extension PiecewiseLinearBackend {
  /// The geometric mean along a sample of the norms of the Jacobians at the data; the shard keeps the largest.
  private func look(
    at sample: TrainingSample, steps: Int, _ scale: [Float], _ weights: UnsafeMutablePointer<Float>, _ place: Place
  ) {
    var net = kernel.net
    let (m, n) = (kernel.latent, kernel.observed)
    let x = place.shard.memory.pointer
    let jacobian = x + (steps + 1) * n
    let scratch = jacobian + m * m
    write(sample, 0, steps: steps, step: 0, noise: 0, scale, to: x)
    var logarithms = 0.0
    for t in 0..<steps {
      holstream_plrnn_jacobian(&net, weights, x + t * n, jacobian, scratch)
      logarithms += log(max(Self.norm(jacobian, m), 1e-30))
    }
    place.shard.largestGrowth = max(place.shard.largestGrowth, exp(logarithms / Double(steps)))
  }

  /// The largest singular value, by powers of JᵀJ: 24 of them, from the rows' sum.
  private static func norm(_ j: UnsafePointer<Float>, _ m: Int) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * m) { memory in
      let (x, y) = (memory.baseAddress!, memory.baseAddress! + m)
      for k in 0..<m { x[k] = 1 + 0.1 * Double(k) }
      var norm = 0.0
      for _ in 0..<24 {
        for i in 0..<m {
          y[i] = 0
          for k in 0..<m { y[i] += Double(j[i * m + k]) * x[k] }
        }
        var size = 0.0
        for k in 0..<m {
          x[k] = 0
          for i in 0..<m { x[k] += Double(j[i * m + k]) * y[i] }
          size += x[k] * x[k]
        }
        size = size.squareRoot()
        guard size > 0 else { return 0 }
        norm = size
        for k in 0..<m { x[k] /= size }
      }
      return norm.squareRoot()
    }
  }

  /// α follows 1 − 1/N: at once upwards, slowly down.
  private func follow(_ growth: Double) {
    let wanted = Float(max(0, 1 - 1 / growth))
    let at = tensors[5].offset
    let alpha = parameters[at]
    parameters[at] = wanted > alpha ? wanted : 0.999 * alpha + 0.001 * wanted
  }
}

extension AdamW {
  /// RAdam's factor of the adaptive step, √(1 − β₂ᵗ) not among it; nil while the variance of the second moment is
  /// intractable and the step is the mean's alone.
  fileprivate var rectification: Float? {
    let beta = Double(beta2)
    let limit = 2 / (1 - beta) - 1
    let power = pow(beta, Double(number))
    let length = limit - 2 * Double(number) * power / (1 - power)
    guard length > 5 else { return nil }
    return Float(
      ((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)).squareRoot())
  }
}
