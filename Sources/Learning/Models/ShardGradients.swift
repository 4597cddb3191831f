internal import CKernels
internal import Tensors

/// The gradients of a batch's shards, side by side, and their sum.
///
/// A batch is cut into shards by index, whose number depends on its size alone, and they are added in a binary tree, so
/// that the bits depend neither on the number of workers nor on that of the ranks: each rank has a subtree.
// Unchecked: pointer and sizes never change; each worker writes to the gradients of its own shards.
final class ShardGradients: @unchecked Sendable {
  /// Shards of a batch that is large enough: what more workers than these wait for in the backward pass.
  static let mostShards = RankGroup.most

  /// Shards of the whole batch.
  let count: Int
  /// Those of this rank; all, where there is one.
  let own: Range<Int>
  /// Parameters.
  let size: Int
  /// (own shards, parameters).
  private let memory: FloatBuffer
  private let ranks: RankGroup?
  /// What other ranks send of their sums.
  private let received: FloatBuffer

  /// - Parameters:
  ///   - total: Samples of a batch.
  ///   - size: Parameters.
  ///   - ranks: Who shares the batch; nil for this process alone.
  init(of total: Int, size: Int, ranks: RankGroup? = nil) {
    count = min(Self.mostShards, total)
    own = Self.shards(of: ranks?.rank ?? 0, ranks?.count ?? 1, of: count)
    self.size = size
    self.ranks = ranks
    memory = FloatBuffer(count: max(own.count, 1) * size)
    received = FloatBuffer(count: ranks == nil ? 0 : (size + 1) / 2)
  }

  /// Each of `ranks` has as many places in the tree; of a small batch the last are empty.
  private static func shards(of rank: Int, _ ranks: Int, of count: Int) -> Range<Int> {
    let places = mostShards / ranks
    return min(count, rank * places)..<min(count, (rank + 1) * places)
  }

  /// The sum, after `sum`; before that the gradient of the first of this rank's shards.
  var first: UnsafeMutablePointer<Float> { memory.pointer }

  /// Which samples of `total` a shard has.
  func samples(of shard: Int, total: Int) -> Range<Int> { Self.samples(of: shard, count, total) }

  private static func samples(of shard: Int, _ count: Int, _ total: Int) -> Range<Int> {
    (shard * total / count)..<((shard + 1) * total / count)
  }

  /// Which samples of `total` this rank has.
  func ownSamples(total: Int) -> Range<Int> { Self.samples(own, count, total) }

  private static func samples(_ shards: Range<Int>, _ count: Int, _ total: Int) -> Range<Int> {
    (shards.lowerBound * total / count)..<(shards.upperBound * total / count)
  }

  /// Which samples of a batch of `total` one of several ranks has.
  static func samples(of rank: Int, _ ranks: Int, total: Int) -> Range<Int> {
    let count = min(mostShards, total)
    return samples(shards(of: rank, ranks, of: count), count, total)
  }

  /// The gradient of one of this rank's shards, set to zero.
  func cleared(_ shard: Int) -> UnsafeMutablePointer<Float> {
    let gradient = memory.pointer + (shard - own.lowerBound) * size
    gradient.update(repeating: 0, count: size)
    return gradient
  }

  /// Gives every rank the numbers of all samples, so many of each; there is nothing to do for a process alone.
  /// - Throws: What the ranks' link throws.
  func gather<Number>(_ numbers: UnsafeMutablePointer<Number>, perSample: Int, total: Int) throws {
    guard let ranks else { return }
    let bytes = perSample * MemoryLayout<Number>.stride
    try ranks.gather(numbers) { rank in
      let samples = Self.samples(of: rank, ranks.count, total: total)
      return (samples.lowerBound * bytes)..<(samples.upperBound * bytes)
    }
  }

  /// The same with numbers of each shard.
  /// - Throws: What the ranks' link throws.
  func gather<Number>(_ numbers: UnsafeMutablePointer<Number>, perShard: Int) throws {
    guard let ranks else { return }
    let bytes = perShard * MemoryLayout<Number>.stride
    try ranks.gather(numbers) { rank in
      let shards = Self.shards(of: rank, ranks.count, of: count)
      return (shards.lowerBound * bytes)..<(shards.upperBound * bytes)
    }
  }

  /// Sums all gradients into the first: neighbours, then their sums, and so on.
  /// - Throws: What the ranks' link throws.
  func sum(_ workers: Workers) throws {
    workers.split(size) { _, range in
      var distance = 1
      while distance < own.count {
        for shard in stride(from: 0, to: own.count - distance, by: 2 * distance) {
          let sum = memory.pointer + shard * size + range.lowerBound
          holstream_add_vectors(sum, sum + distance * size, range.count)
        }
        distance *= 2
      }
    }
    guard let ranks else { return }
    try ranks.sum(
      first, size: size, scratch: received.pointer,
      isEmpty: { Self.shards(of: $0, ranks.count, of: self.count).isEmpty },
      add: { sum, other, count in
        nonisolated(unsafe) let (sum, other) = (sum, other)
        workers.split(count) { _, range in
          holstream_add_vectors(sum + range.lowerBound, other + range.lowerBound, range.count)
        }
      })
  }
}
