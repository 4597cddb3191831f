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
  private let configuration: TrainerConfiguration
  private let planes: Planes
  private let networks: [ResidualNetwork]
  private let parameterCount: Int
  private let stateSize: Int
  private let maskCount: Int
  private let workers: Workers

  /// (B, N + 1, S): the states that the model was given and gave; [0] is the noisy input.
  private let states: FloatBuffer
  /// (B, N, S): what enters the model after teacher forcing; unused without.
  private let fed: FloatBuffer
  /// (B, N, S): derivatives that PARC predicted.
  private let rates: FloatBuffer
  /// (B, N, networks) tapes.
  private let tapes: FloatBuffer
  private let tapeSize: Int
  /// (B, N, networks, blocks, C) factors of dropout.
  private let masks: FloatBuffer
  private let packed: FloatBuffer
  private let sites: FloatBuffer
  /// (workers, scratchSize).
  private let scratch: FloatBuffer
  private let scratchSize: Int
  /// (workers, parameters).
  private let gradients: FloatBuffer
  /// (workers, sumsSize): sums for the gradients of weights.
  private let weightSums: FloatBuffer
  private let weightSumsSize: Int
  /// (B, 8): sums of squared errors of states and of rates.
  private let sums: UnsafeMutablePointer<Double>

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
      (max(networks[0].backwardScratchCount(planes), networks[0].forwardScratchCount(planes)) + 2 * stateSize + 63) / 16 * 16
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
    let state = components(Array(total[0..<4]))
    let rate = usesRates ? components(Array(total[4..<8])) : nil
    let terms = LossTerms(
      state: state.terms, rates: rate?.terms,
      total: state.terms.sum + loss.derivativeCoefficient * (rate?.terms.sum ?? 0))
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

  /// Root mean squares of the four components, and the factor of each error in the gradient: 1 / (count · RMS).
  ///
  /// A component without error gets the factor 0, where automatic differentiation of the root gives 0/0.
  private func components(_ sums: [Double]) -> (terms: LossTerms.Components, coefficients: [Float]) {
    let rows = Double(shape.batch * shape.steps * shape.sites)
    var sums = sums
    var counts = [rows, rows * Double(shape.sites - 1), rows, rows]
    let separate = configuration.loss.separatesDiagonal
    if !separate {
      sums[0] += sums[1]
      sums[1] = 0
      counts[0] += counts[1]
    }
    let roots = zip(sums, counts).map { ($0 / $1).squareRoot() }
    var factors = zip(roots, counts).map { $0 == 0 ? 0 : Float(1 / ($0 * $1)) }
    if !separate { factors[1] = factors[0] }
    return (
      LossTerms.Components(
        rhoDiagonal: Float(roots[0]), rhoOffDiagonal: Float(roots[1]), q: Float(roots[2]), p: Float(roots[3])), factors
    )
  }

  // MARK: Where things lie

  private func state(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    states.pointer + (index * (shape.steps + 1) + step) * stateSize
  }
  private func input(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    configuration.teacherForcing > 0 && step > 0
      ? fed.pointer + (index * shape.steps + step) * stateSize : state(index, step)
  }
  private func rate(_ index: Int, _ step: Int) -> UnsafeMutablePointer<Float> {
    rates.pointer + (index * shape.steps + step) * stateSize
  }
  private func tape(_ index: Int, _ step: Int, _ network: Int) -> UnsafeMutablePointer<Float> {
    tapes.pointer + ((index * shape.steps + step) * networks.count + network) * tapeSize
  }
  private func mask(_ index: Int, _ step: Int, _ network: Int) -> UnsafeMutablePointer<Float>? {
    guard masks.count > 0 else { return nil }
    return masks.pointer + (index * shape.steps + step) * maskCount + network * maskCount / networks.count
  }

  // MARK: Passes

  /// Copies the input, adds noise and draws the dropout of one sample.
  private func prepare(_ sample: TrainingSample, index: Int, step: Int, noise: Float, injection: Injection?) {
    let start = state(index, 0)
    sample.window.values.withUnsafeBufferPointer {
      start.update(from: $0.baseAddress! + sample.offset * stateSize, count: stateSize)
    }
    if let added = injection?.noise {
      for k in 0..<stateSize { start[k] += added[index * stateSize + k] }
    } else if noise > 0 {
      // A complex entry's noise has total variance noise², half in each part.
      let matrix = 2 * shape.sites * shape.sites
      CounterRandom.addNormals(
        to: start, count: matrix, deviation: noise * Float(0.5).squareRoot(), seed: configuration.seed,
        purpose: .inputNoise, trajectory: UInt64(index), step: UInt64(step))
      CounterRandom.addNormals(
        to: start + matrix, count: 2 * shape.sites, deviation: noise, seed: configuration.seed, purpose: .inputNoise,
        trajectory: UInt64(index), step: UInt64(step), firstBlock: (matrix + 63) / 64 * 16)
    }
    guard masks.count > 0 else { return }
    let count = shape.steps * maskCount
    let drawn = masks.pointer + index * count
    if let given = injection?.masks {
      for k in 0..<count { drawn[k] = given[index * count + k] }
    } else {
      var random = CounterRandom(
        seed: configuration.seed, purpose: .dropout, trajectory: UInt64(index), step: UInt64(step))
      let dropout = Double(configuration.model.dropout)
      let kept = Float(1 / (1 - dropout))
      for k in 0..<count { drawn[k] = random.uniform() < dropout ? 0 : kept }
    }
  }

  private func forward(
    _ sample: TrainingSample, index: Int, worker: Int, values: UnsafePointer<Float>, weights: [Float]
  ) {
    let own = scratch.pointer + worker * scratchSize
    let found = sums + 8 * index
    found.update(repeating: 0, count: 8)
    let alpha = configuration.teacherForcing
    func run(_ network: Int, _ step: Int, _ from: UnsafePointer<Float>, add: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>) {
      networks[network].forward(
        from, values: values, packed: packed.pointer, masks: mask(index, step, network), planes: planes,
        memory: tape(index, step, network), scratch: own, add: add, out: out)
    }
    sample.window.values.withUnsafeBufferPointer { labels in
      for step in 0..<shape.steps {
        let from = input(index, step)
        let label = labels.baseAddress! + (sample.offset + step) * stateSize
        if alpha > 0 && step > 0 {
          let predicted = state(index, step)
          for k in 0..<stateSize { from[k] = alpha * label[k] + (1 - alpha) * predicted[k] }
        }
        if networks.count == 1 {
          run(0, step, from, add: from, out: state(index, step + 1))
        } else {
          run(0, step, from, add: nil, out: rate(index, step))
          run(1, step, rate(index, step), add: from, out: state(index, step + 1))
        }
        addErrors(label + stateSize, state(index, step + 1), weights[step], to: found)
      }
    }
    guard networks.count == 2, let labels = sample.window.rates else { return }
    labels.withUnsafeBufferPointer { labels in
      for step in 0..<shape.steps {
        let label = labels.baseAddress! + (sample.offset + step) * stateSize
        addErrors(label, rate(index, step), weights[step], to: found + 4)
      }
    }
  }

  private func addErrors(
    _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ weight: Float, to sums: UnsafeMutablePointer<Double>
  ) {
    var found = (0.0, 0.0, 0.0, 0.0)
    withUnsafeMutableBytes(of: &found) {
      holstream_squared_errors(Int32(shape.sites), label, value, $0.bindMemory(to: Double.self).baseAddress!)
    }
    let square = Double(weight) * Double(weight)
    sums[0] += square * found.0
    sums[1] += square * found.1
    sums[2] += square * found.2
    sums[3] += square * found.3
  }

  private func backward(
    _ sample: TrainingSample, index: Int, worker: Int, values: UnsafePointer<Float>, weights: [Float],
    stateCoefficients: [Float], rateCoefficients: [Float]?
  ) {
    let dState = scratch.pointer + worker * scratchSize
    let dRate = dState + stateSize
    let own = dState + (2 * stateSize + 15) / 16 * 16
    let gradient = gradients.pointer + worker * parameterCount
    let alpha = configuration.teacherForcing
    func run(_ network: Int, _ step: Int, _ dOut: UnsafePointer<Float>, _ dIn: UnsafeMutablePointer<Float>?) {
      networks[network].backward(
        dOut, values: values, packed: packed.pointer, masks: mask(index, step, network), planes: planes,
        sites: sites.pointer, memory: tape(index, step, network), scratch: own, gradients: gradient,
        sums: weightSums.pointer + worker * weightSumsSize, dState: dIn)
    }
    func addError(
      _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ coefficients: [Float], _ weight: Float,
      to gradient: UnsafeMutablePointer<Float>
    ) {
      let square = weight * weight
      var scaled = (
        square * coefficients[0], square * coefficients[1], square * coefficients[2], square * coefficients[3]
      )
      withUnsafeBytes(of: &scaled) {
        holstream_squared_errors_backward(
          Int32(shape.sites), label, value, $0.bindMemory(to: Float.self).baseAddress!, gradient)
      }
    }
    dState.update(repeating: 0, count: stateSize)
    for step in (0..<shape.steps).reversed() {
      sample.window.values.withUnsafeBufferPointer {
        addError(
          $0.baseAddress! + (sample.offset + step + 1) * stateSize, state(index, step + 1), stateCoefficients,
          weights[step], to: dState)
      }
      // u' = u + Δ(u): the gradient passes the step unchanged, and the networks add theirs.
      let isFirst = step == 0
      if networks.count == 1 {
        // The network reads dState before it adds to it.
        run(0, step, dState, isFirst ? nil : dState)
      } else {
        dRate.update(repeating: 0, count: stateSize)
        run(1, step, dState, dRate)
        if let coefficients = rateCoefficients {
          sample.window.rates?.withUnsafeBufferPointer {
            addError(
              $0.baseAddress! + (sample.offset + step) * stateSize, rate(index, step), coefficients, weights[step],
              to: dRate)
          }
        }
        run(0, step, dRate, isFirst ? nil : dState)
      }
      if alpha > 0 && !isFirst { for k in 0..<stateSize { dState[k] *= 1 - alpha } }
    }
  }
}
