internal import Foundation
internal import Trajectories

/// Fits a readout: adds windows to sums as they come, and solves when the weights are asked for.
///
/// The loss of a window is that of the readout before the window is learnt from, so that it is always of data not seen.
/// That readout is solved anew whenever the frames have grown by a quarter; the weights that `read` gives are of all
/// frames so far.
final class ReadoutBackend: TrainingBackend {
  private let shape: ReadoutShape
  private let partition: (StateLayout) -> LossPartition
  private let memory: Int
  private let makeFeatures: (StateLayout) throws -> any ReadoutFeatures
  private var features: (any ReadoutFeatures)?
  /// Everything before the readouts.
  private let fixed: [Float]
  private var parameters: [Float]
  private var isSolved = true

  private var sums: ReadoutSums
  /// Of the last call of `gradient`.
  private var newest: ReadoutSums?
  /// By kind (targets, features) what the loss is told with, and after how many frames it was solved.
  private var reported: [[Double]]
  private var solvedAt = 0

  /// Rows that are added to the sums at once.
  private static let block = 512

  init(
    parameters: [Float], _ options: TrainingOptions, shape: ReadoutShape, start: Int, readouts: [[[Double]]],
    memory: Int, features: @escaping (StateLayout) throws -> any ReadoutFeatures
  ) {
    self.shape = shape
    self.parameters = parameters
    self.memory = memory
    fixed = Array(parameters[..<start])
    reported = readouts.map { $0[shape.levels - 1] }
    partition = { options.loss.partition($0) }
    makeFeatures = features
    sums = ReadoutSums(shape)
  }

  /// There is none.
  var gradient: [Float] { Array(repeating: 0, count: parameters.count) }

  func gradient(
    of batch: TrainingBatch, step: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    let layout = batch.layout
    if features?.surroundings.layout != layout { features = try makeFeatures(layout) }
    let partition = partition(layout)
    var squares = [Double](repeating: 0, count: partition.sums)
    var count = 0
    var newest = ReadoutSums(shape)
    for sample in batch.samples {
      guard sample.window.steps - sample.offset > memory else {
        throw LearningError(
          .invalidData,
          "a window of \(sample.window.steps - sample.offset) intervals is too short for a model that looks \(memory) "
            + "frames back; make the windows longer")
      }
      let part = add(sample, features!, partition, &squares)
      count += part.transitions
      newest.add(part, forgetting: shape.forgetting)
    }
    self.newest = newest
    return (LossTerms(state: partition.terms(squares, states: count).terms, tendency: nil, weight: 0), 0)
  }

  /// The sums of one window, and the squared errors of its predictions one frame ahead.
  private func add(
    _ sample: TrainingSample, _ features: any ReadoutFeatures, _ partition: LossPartition, _ squares: inout [Double]
  ) -> ReadoutSums {
    let window = sample.window
    let surroundings = features.surroundings
    let size = window.layout.count
    let width = shape.features
    var found = ReadoutSums(shape)
    var rows = surroundings.kinds.map { Rows(width, $0.targets.count) }
    var change = [Double](repeating: 0, count: surroundings.embedding.count)
    var predicted = change
    var difference = [Double](repeating: 0, count: size)
    var state = [Float](repeating: 0, count: size)
    features.forget()
    window.values.withUnsafeBufferPointer { values in
      for step in sample.offset..<window.steps {
        let here = values.baseAddress! + step * size
        let next = here + size
        features.observe(here)
        guard step - sample.offset >= memory else { continue }
        let age = window.steps - 1 - step
        let weight = shape.forgetting < 1 ? pow(shape.forgetting, Double(age)) : 1
        found.weight += weight
        found.transitions += 1
        for k in 0..<size { difference[k] = Double(next[k]) - Double(here[k]) }
        for k in 0..<size { change[surroundings.embedding.places[k]] = difference[k] }
        let root = weight.squareRoot()
        for (index, kind) in surroundings.kinds.enumerated() {
          for place in kind.places {
            rows[index].append { x, y in
              features.write(place, to: x)
              reported[index].withUnsafeBufferPointer { weights in
                for (t, channel) in kind.targets.enumerated() {
                  let at = channel * surroundings.places + place
                  predicted[at] = Readout.dot(weights.baseAddress! + t * width, x, width)
                  y[t] = root * change[at]
                }
              }
              if root != 1 { for k in 0..<width { x[k] *= root } }
            }
            if rows[index].count == Self.block { rows[index].flush(into: &found.parts[index]) }
          }
        }
        state.withUnsafeMutableBufferPointer { state in
          state.baseAddress!.update(from: here, count: size)
          surroundings.add(predicted, to: state.baseAddress!)
          partition.addSquares(next, state.baseAddress!, weight: 1, to: &squares)
        }
      }
    }
    for index in rows.indices { rows[index].flush(into: &found.parts[index]) }
    return found
  }

  /// Rows that wait to be added.
  private struct Rows {
    let features: Int
    let targets: Int
    var x: [Double]
    var y: [Double]
    var count = 0

    init(_ features: Int, _ targets: Int) {
      self.features = features
      self.targets = targets
      x = Array(repeating: 0, count: ReadoutBackend.block * features)
      y = Array(repeating: 0, count: ReadoutBackend.block * targets)
    }

    mutating func append(_ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void) {
      let row = count
      x.withUnsafeMutableBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          body(x.baseAddress! + row * features, y.baseAddress! + row * targets)
        }
      }
      count += 1
    }

    mutating func flush(into part: inout ReadoutSums.Part) {
      part.add(x, y, rows: count)
      count = 0
    }
  }

  func update(_ step: AdamW) {
    guard let newest else { return }
    self.newest = nil
    sums.add(newest, forgetting: shape.forgetting)
    isSolved = false
    // With fading memory the readout goes on changing however long it has been.
    let wait = min(64 + Double(solvedAt) / 4, shape.forgetting < 1 ? 1 / (1 - shape.forgetting) : .infinity)
    if sums.transitions >= solvedAt + Int(wait) { report() }
  }

  private func report() {
    if let found = solve() { reported = found.map { $0[shape.levels - 1] } }
    solvedAt = sums.transitions
  }

  private func solve() -> [[[Double]]]? {
    guard let found = sums.readouts(shape) else { return nil }
    parameters = fixed + shape.parameters(found)
    isSolved = true
    return found
  }

  func read() -> Weights {
    if !isSolved { _ = solve() }
    return Weights(
      parameters: parameters, firstMoments: [], secondMoments: [],
      sums: sums.vector(reported: reported, solvedAt: solvedAt))
  }

  func write(_ weights: Weights) {
    parameters = weights.parameters
    (reported, solvedAt) = sums.read(weights.sums)
    newest = nil
    isSolved = true
  }
}
