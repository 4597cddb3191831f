internal import Foundation

/// Decoded chunks that were used lately, within a bound of memory, for any number of threads.
///
/// Two generations: when the young one is half the bound, the old one is forgotten and the young one is the old one. So
/// what is used survives, and nothing is ever searched for the least used.
// Unchecked: everything that changes is guarded by `condition`.
final class ChunkCache: @unchecked Sendable {
  struct Key: Hashable {
    var array: String
    var chunk: [Int]
    /// Frames that the chunk had when it was decoded, where it is still growing; -1 for a chunk that is complete.
    var version: Int
  }

  // All of it is guarded by `condition`.
  private let condition = NSCondition()
  private var young: [Key: [UInt8]] = [:]
  private var old: [Key: [UInt8]] = [:]
  private var size = 0
  private var inWork: Set<Key> = []
  let limit: Int

  /// - Parameter limit: Bytes of decoded chunks that are kept.
  init(limit: Int = 64 << 20) { self.limit = limit }

  /// The chunk, decoded by `decode` where it is not known; when another thread is at it, that thread is waited for.
  func chunk(_ key: Key, decode: () throws(StoreError) -> [UInt8]) throws(StoreError) -> [UInt8] {
    guard limit > 0 else { return try decode() }
    condition.lock()
    while true {
      if let found = known(key) {
        condition.unlock()
        return found
      }
      if inWork.insert(key).inserted { break }
      condition.wait()
    }
    condition.unlock()
    do {
      let chunk = try decode()
      finish(key, chunk)
      return chunk
    } catch {
      finish(key, nil)
      throw error
    }
  }

  private func known(_ key: Key) -> [UInt8]? {
    if let chunk = young[key] { return chunk }
    guard let chunk = old.removeValue(forKey: key) else { return nil }
    insert(key, chunk)
    return chunk
  }

  private func finish(_ key: Key, _ chunk: [UInt8]?) {
    condition.lock()
    inWork.remove(key)
    if let chunk, chunk.count <= limit / 4 { insert(key, chunk) }
    condition.broadcast()
    condition.unlock()
  }

  private func insert(_ key: Key, _ chunk: [UInt8]) {
    young[key] = chunk
    size += chunk.count
    if size > limit / 2 {
      old = young
      young = [:]
      size = 0
    }
  }
}
