internal import Synchronization

/// Decoded chunks that were used last, within a bound of memory.
final class ChunkCache: Sendable {
  private struct State {
    var chunks: [String: (bytes: [UInt8], used: Int)] = [:]
    var size = 0
    var clock = 0
  }
  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: Bytes of decoded chunks that are kept.
  init(limit: Int = 64 << 20) { self.limit = limit }

  subscript(key: String) -> [UInt8]? {
    get {
      state.withLock { state in
        guard let found = state.chunks[key] else { return nil }
        state.clock += 1
        state.chunks[key] = (found.bytes, state.clock)
        return found.bytes
      }
    }
    set {
      guard let newValue, newValue.count <= limit / 4 else { return }
      state.withLock { state in
        state.clock += 1
        if let old = state.chunks.updateValue((newValue, state.clock), forKey: key) { state.size -= old.bytes.count }
        state.size += newValue.count
        while state.size > limit, let oldest = state.chunks.min(by: { $0.value.used < $1.value.used }) {
          state.size -= oldest.value.bytes.count
          state.chunks[oldest.key] = nil
        }
      }
    }
  }
}
