internal import CKernels
internal import Tensors

/// The gradients of a batch's shards, side by side, and their sum.
///
/// A batch is cut into shards by index, whose number depends on its size alone, and they are added in a binary tree, so
/// that the bits do not depend on the number of workers.
// Unchecked: pointer and sizes never change; each worker writes to the gradients of its own shards.
final class ShardGradients: @unchecked Sendable {
  /// Shards of a batch that is large enough: what more workers than these wait for in the backward pass.
  static let mostShards = 8

  /// Shards.
  let count: Int
  /// Parameters.
  let size: Int
  /// (shards, parameters).
  private let memory: FloatBuffer

  /// - Parameters:
  ///   - total: Samples of a batch.
  ///   - size: Parameters.
  init(of total: Int, size: Int) {
    count = min(Self.mostShards, total)
    self.size = size
    memory = FloatBuffer(count: count * size)
  }

  /// The sum, after `sum`; before that the first shard's.
  var first: UnsafeMutablePointer<Float> { memory.pointer }

  /// Which samples of `total` a shard has.
  func samples(of shard: Int, total: Int) -> Range<Int> { (shard * total / count)..<((shard + 1) * total / count) }

  /// The gradient of one shard, set to zero.
  func cleared(_ shard: Int) -> UnsafeMutablePointer<Float> {
    let gradient = memory.pointer + shard * size
    gradient.update(repeating: 0, count: size)
    return gradient
  }

  /// Sums all gradients into the first: neighbours, then their sums, and so on.
  func sum(_ workers: Workers) {
    workers.split(size) { _, range in
      var distance = 1
      while distance < count {
        for shard in stride(from: 0, to: count - distance, by: 2 * distance) {
          let sum = memory.pointer + shard * size + range.lowerBound
          holstream_add_vectors(sum, sum + distance * size, range.count)
        }
        distance *= 2
      }
    }
  }
}
