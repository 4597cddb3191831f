internal import CKernels
internal import Tensors

extension ResidualEngine {
  /// Copies the input, adds noise and draws the dropout of one sample.
  func prepare(_ sample: TrainingSample, index: Int, step: Int, noise: Float, injection: TrainingInjection?) {
    let start = state(index, 0)
    sample.window.values.withUnsafeBufferPointer {
      start.update(from: $0.baseAddress! + sample.offset * stateSize, count: stateSize)
    }
    if let added = injection?.noise {
      for k in 0..<stateSize { start[k] += added[index * stateSize + k] }
    } else if noise > 0 {
      sample.window.layout.addNoise(
        to: start, deviation: noise, seed: options.seed, sample: index, step: step)
    }
    guard masks.count > 0 else { return }
    let count = shape.steps * maskCount
    let drawn = masks.pointer + index * count
    if let given = injection?.masks {
      for k in 0..<count { drawn[k] = given[index * count + k] }
    } else {
      var random = CounterRandom(
        seed: options.seed, purpose: .dropout, trajectory: UInt64(index), step: UInt64(step))
      let dropout = Double(dropout)
      let kept = Float(1 / (1 - dropout))
      for k in 0..<count { drawn[k] = random.uniform() < dropout ? 0 : kept }
    }
  }

  func forward(
    _ sample: TrainingSample, index: Int, worker: Int, values: UnsafePointer<Float>, weights: [Float]
  ) {
    let own = scratch.pointer + worker * scratchSize
    let found = sums + 2 * partition.sums * index
    found.update(repeating: 0, count: 2 * partition.sums)
    let alpha = options.teacherForcing
    func run(
      _ network: Int, _ step: Int, _ from: UnsafePointer<Float>, add: UnsafePointer<Float>?,
      out: UnsafeMutablePointer<Float>
    ) {
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
          run(0, step, from, add: nil, out: tendency(index, step))
          run(1, step, tendency(index, step), add: from, out: state(index, step + 1))
        }
        constraint?.apply(state(index, step + 1), record: record(index, step), scratch: own)
        addErrors(label + stateSize, state(index, step + 1), weights[step], to: found)
      }
    }
    guard networks.count == 2, let labels = sample.window.tendencies else { return }
    labels.withUnsafeBufferPointer { labels in
      for step in 0..<shape.steps {
        let label = labels.baseAddress! + (sample.offset + step) * stateSize
        addErrors(label, tendency(index, step), weights[step], to: found + partition.sums)
      }
    }
  }

  func addErrors(
    _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ weight: Float, to sums: UnsafeMutablePointer<Double>
  ) {
    partition.addSquares(label, value, weight: Double(weight) * Double(weight), to: sums)
  }

  func backward(
    _ sample: TrainingSample, index: Int, worker: Int, values: UnsafePointer<Float>, weights: [Float],
    stateCoefficients: [Float], tendencyCoefficients: [Float]?,
    isFirst: Bool, into gradient: UnsafeMutablePointer<Float>
  ) {
    let dState = scratch.pointer + worker * scratchSize
    let dTendency = dState + stateSize
    let own = dState + (2 * stateSize + 15) / 16 * 16
    let alpha = options.teacherForcing
    func run(_ network: Int, _ step: Int, _ dOut: UnsafePointer<Float>, _ dIn: UnsafeMutablePointer<Float>?) {
      networks[network].backward(
        dOut, values: values, packed: packed.pointer, masks: mask(index, step, network), planes: planes,
        sites: sites.pointer, memory: tape(index, step, network), scratch: own, gradients: gradient,
        sums: weightSums.pointer + worker * weightSumsSize, isFirst: isFirst && step == shape.steps - 1, dState: dIn)
    }
    func addError(
      _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ coefficients: [Float], _ weight: Float,
      to gradient: UnsafeMutablePointer<Float>
    ) {
      partition.addGradient(label, value, coefficients: coefficients, weight: weight * weight, to: gradient)
    }
    dState.update(repeating: 0, count: stateSize)
    for step in (0..<shape.steps).reversed() {
      sample.window.values.withUnsafeBufferPointer {
        addError(
          $0.baseAddress! + (sample.offset + step + 1) * stateSize, state(index, step + 1), stateCoefficients,
          weights[step], to: dState)
      }
      constraint?.pull(dState, record: record(index, step), scratch: own)
      // u' = u + Δ(u): the gradient passes the step unchanged, and the networks add theirs.
      let isStart = step == 0
      if networks.count == 1 {
        // The network reads dState before it adds to it.
        run(0, step, dState, isStart ? nil : dState)
      } else {
        dTendency.update(repeating: 0, count: stateSize)
        run(1, step, dState, dTendency)
        if let coefficients = tendencyCoefficients {
          sample.window.tendencies?.withUnsafeBufferPointer {
            addError(
              $0.baseAddress! + (sample.offset + step) * stateSize, tendency(index, step), coefficients, weights[step],
              to: dTendency)
          }
        }
        run(0, step, dTendency, isStart ? nil : dState)
      }
      if alpha > 0 && !isStart { for k in 0..<stateSize { dState[k] *= 1 - alpha } }
    }
  }
}
