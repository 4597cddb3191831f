internal import CKernels
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
    let (size, width, planes) = (window.layout.count, shape.features, surroundings.places)
    let places = surroundings.embedding.places
    let kinds = surroundings.kinds
    var found = ReadoutSums(shape)
    let rows = kinds.map { Rows(width, $0.targets.count) }
    var change = [Double](repeating: 0, count: surroundings.embedding.count)
    var predicted = change
    var state = [Float](repeating: 0, count: size)
    features.forget()
    window.values.withUnsafeBufferPointer { values in
      change.withUnsafeMutableBufferPointer { change in
        predicted.withUnsafeMutableBufferPointer { predicted in
          for step in sample.offset..<window.steps {
            let here = values.baseAddress! + step * size
            let next = here + size
            features.observe(here)
            guard step - sample.offset >= memory else { continue }
            let weight = shape.forgetting < 1 ? pow(shape.forgetting, Double(window.steps - 1 - step)) : 1
            found.weight += weight
            found.transitions += 1
            for k in 0..<size { change[places[k]] = Double(next[k]) - Double(here[k]) }
            let root = weight.squareRoot()
            for index in kinds.indices {
              let (waiting, targets) = (rows[index], kinds[index].targets)
              reported[index].withUnsafeBufferPointer { weights in
                for place in kinds[index].places {
                  let (x, y) = waiting.next()
                  features.write(place, to: x)
                  for (t, channel) in targets.enumerated() {
                    let at = channel * planes + place
                    predicted[at] = holstream_dot(weights.baseAddress! + t * width, x, width)
                    y[t] = root * change[at]
                  }
                  if root != 1 { for k in 0..<width { x[k] *= root } }
                  if waiting.count == Self.block { waiting.flush(into: &found.parts[index]) }
                }
              }
            }
            state.withUnsafeMutableBufferPointer { state in
              state.baseAddress!.update(from: here, count: size)
              surroundings.add(predicted.baseAddress!, to: state.baseAddress!)
              partition.addSquares(next, state.baseAddress!, weight: 1, to: &squares)
            }
          }
        }
      }
    }
    for index in rows.indices {
      rows[index].flush(into: &found.parts[index])
      found.parts[index].complete()
    }
    return found
  }

  /// Rows that wait to be added.
  private final class Rows {
    private let features: Int
    private let targets: Int
    private let x: UnsafeMutablePointer<Double>
    private let y: UnsafeMutablePointer<Double>
    private(set) var count = 0

    init(_ features: Int, _ targets: Int) {
      self.features = features
      self.targets = targets
      x = .allocate(capacity: ReadoutBackend.block * features)
      y = .allocate(capacity: ReadoutBackend.block * targets)
    }

    deinit {
      x.deallocate()
      y.deallocate()
    }

    /// Where the next row's features and targets go.
    func next() -> (x: UnsafeMutablePointer<Double>, y: UnsafeMutablePointer<Double>) {
      defer { count += 1 }
      return (x + count * features, y + count * targets)
    }

    func flush(into part: inout ReadoutSums.Part) {
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
