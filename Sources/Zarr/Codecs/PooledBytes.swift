internal import Synchronization

/// Memory for one chunk that goes back to a pool when nobody needs it any more.
///
/// Fresh memory of this size comes from the system page by page, each of them cleared first, which takes as long as
/// writing the chunk to a file.
// Unchecked: it is written to by the thread that made it and only read once it is handed on; the pool has a lock.
final class PooledBytes: @unchecked Sendable {
  /// At least as much as was asked for.
  let memory: UnsafeMutableRawBufferPointer
  /// How much of it counts.
  var count: Int

  private static let idle = Mutex<[Block]>([])
  private static let mostIdle = 8
  private static let largestIdle = 8 << 20

  // Unchecked: memory that nobody uses, in a list with a lock.
  private struct Block: @unchecked Sendable { let memory: UnsafeMutableRawBufferPointer }

  init(_ count: Int) {
    self.count = count
    let known = Self.idle.withLock { idle -> Block? in
      idle.lastIndex { $0.memory.count >= count && $0.memory.count / 4 <= count + 4096 }.map { idle.remove(at: $0) }
    }
    memory = known?.memory ?? .allocate(byteCount: max(64, count), alignment: 64)
  }

  deinit {
    let block = Block(memory: memory)
    let isKept = Self.idle.withLock { idle in
      guard idle.count < Self.mostIdle, block.memory.count <= Self.largestIdle else { return false }
      idle.append(block)
      return true
    }
    if !isKept { memory.deallocate() }
  }

  /// Calls `body` with what counts; the memory does not go back before.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    defer { withExtendedLifetime(self) {} }
    return body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
  }

  /// The same for writing.
  func withTarget<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    defer { withExtendedLifetime(self) {} }
    return body(UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
  }
}
