/// A block of single-precision memory of fixed size, zero at first, aligned to the processor's cache line.
///
/// It has no shape: the type that owns it knows what lies where. Not copied, so that big scratch space has one owner.
// Unchecked: pointer and size never change. What is in the memory is no more guarded than behind any pointer: whoever
// shares it among threads gives each its own part, as `Workers.split` does by index.
public struct FloatBuffer: ~Copyable, @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Float>
  public let count: Int

  /// - Parameter count: Number of floats, zero or more.
  public init(count: Int) {
    precondition(count >= 0, "FloatBuffer: \(count) floats asked for; a size cannot be negative")
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    pointer = memory.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
    self.count = count
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  /// The first `count` floats as an array.
  public func array() -> [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// Copies `values` to the front.
  public func assign(_ values: [Float]) {
    precondition(values.count <= count, "FloatBuffer: \(values.count) floats do not fit into \(count)")
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.update(from: base, count: source.count) }
    }
  }
}
