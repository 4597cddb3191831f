internal import Foundation
internal import Tensors
internal import Trajectories

/// The backend of the first of several ranks: it computes its own shards of each batch, and tells the others what to do.
///
/// Batches are chosen here alone; every other rank gets the frames of its own samples, cut to the unrolling. What is summed
/// over the ranks is summed in the tree of the shards, so that the bits are those of one process.
final class LeadingBackend: TrainingBackend {
  private let own: any TrainingBackend
  private let ranks: RankGroup
  /// What a rank cannot be told at once; thrown by the next call that may.
  private var failure: (any Error)?

  init(_ model: any TrainableModel, _ configuration: TrainerConfiguration, _ ranks: RankGroup) throws {
    var options = configuration.options
    options.ranks = ranks
    own = try model.backend(options)
    self.ranks = ranks
    let weights = own.read()
    let file = try Checkpoint(
      model: configuration.model, parameters: weights.parameters,
      training: Checkpoint.Training(
        configuration: configuration, step: 0, updates: 0, firstMoments: weights.firstMoments,
        secondMoments: weights.secondMoments)
    ).safetensors().encoded()
    try file.withUnsafeBytes { file in try RankCommand.tell(ranks, .model) { _ in file } }
  }

  func gradient(
    of batch: TrainingBatch, step: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double) {
    if let failure { throw failure }
    precondition(
      injection.map { $0.masks == nil && $0.noise == nil } ?? true, "numbers cannot be given where ranks share a batch")
    let samples = (0..<ranks.count).map { $0 == 0 ? [] : Self.numbers(of: batch, for: $0, of: ranks.count) }
    let hasTendencies = batch.samples.allSatisfy { $0.window.tendencies != nil }
    try Self.withBytes(samples) { bytes in
      try RankCommand.tell(
        ranks, .gradient,
        [
          Int64(step), Int64(noise.bitPattern), Int64(batch.samples.count), Int64(batch.steps), hasTendencies ? 1 : 0,
          injection == nil ? 0 : 1,
        ]
      ) { bytes[$0] }
    }
    return try own.gradient(of: batch, step: step, noise: noise, injection: injection)
  }

  /// The frames of a rank's samples, and their derivatives where all have some: (samples, (N + 1) S + N S).
  private static func numbers(of batch: TrainingBatch, for rank: Int, of ranks: Int) -> [Float] {
    let range = samples(of: rank, ranks, count: batch.samples.count, steps: batch.steps)
    let size = batch.layout.count
    let hasTendencies = batch.samples.allSatisfy { $0.window.tendencies != nil }
    var numbers: [Float] = []
    numbers.reserveCapacity(range.count * (2 * batch.steps + 1) * size)
    for sample in batch.samples[range] {
      let (first, last) = (sample.offset * size, (sample.offset + batch.steps) * size)
      numbers += sample.window.values[first..<(last + size)]
      if hasTendencies { numbers += sample.window.tendencies![first..<last] }
    }
    return numbers
  }

  /// Which samples a rank looks at: its shards', whether shards are of samples or of their intervals.
  static func samples(of rank: Int, _ ranks: Int, count: Int, steps: Int) -> Range<Int> {
    let whole = ShardGradients.samples(of: rank, ranks, total: count)
    let intervals = ShardGradients.samples(of: rank, ranks, total: count * steps)
    let touched = (intervals.lowerBound / steps)..<((intervals.upperBound + steps - 1) / steps)
    if whole.isEmpty { return touched }
    if touched.isEmpty { return whole }
    return min(whole.lowerBound, touched.lowerBound)..<max(whole.upperBound, touched.upperBound)
  }

  /// Calls `body` with the memory of all arrays.
  private static func withBytes(
    _ arrays: [[Float]], _ found: [UnsafeRawBufferPointer] = [], _ body: ([UnsafeRawBufferPointer]) throws -> Void
  ) throws {
    guard found.count < arrays.count else { return try body(found) }
    try arrays[found.count].withUnsafeBytes { try withBytes(arrays, found + [$0], body) }
  }

  var gradient: [Float] { own.gradient }

  func update(_ step: AdamW) {
    let numbers = [
      step.clip, step.rate, step.beta1, step.beta2, step.correction1, step.correction2, step.epsilon, step.decay,
    ]
    noting {
      try numbers.withUnsafeBytes { numbers in
        try RankCommand.tell(ranks, .update, [Int64(step.number)]) { _ in numbers }
      }
    }
    own.update(step)
  }

  func read() -> Weights { own.read() }

  func write(_ weights: Weights) {
    let all = weights.parameters + weights.firstMoments + weights.secondMoments
    noting { try all.withUnsafeBytes { all in try RankCommand.tell(ranks, .weights) { _ in all } } }
    own.write(weights)
  }

  private func noting(_ body: () throws -> Void) {
    guard failure == nil else { return }
    do { try body() } catch { failure = error }
  }
}

extension AdamW {
  /// From the numbers that a command carries.
  init(_ values: [Float], number: Int) {
    self.init(
      clip: values[0], rate: values[1], beta1: values[2], beta2: values[3], correction1: values[4],
      correction2: values[5], epsilon: values[6], decay: values[7], number: number)
  }

  /// How many they are.
  static let numbersOfCommand = 8
}
