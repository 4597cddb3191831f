internal import CZstd
internal import Synchronization

/// One zstd frame a chunk, with its content size in the header, as every reader of Zarr takes it.
enum Zstd {
  struct Failure: Error { let message: String }

  /// Compresses into memory of the caller's, of at least `bound(_:)` bytes.
  /// - Returns: The size of the frame.
  static func compress(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, level: Int, checksum: Bool
  ) -> Int {
    let context = compressors.take()
    defer { compressors.give(back: context) }
    ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_compressionLevel, Int32(level))
    ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    let size = ZSTD_compress2(context.pointer, target.baseAddress, target.count, bytes.baseAddress, bytes.count)
    precondition(
      ZSTD_isError(size) == 0, "zstd failed within its own bound: \(String(cString: ZSTD_getErrorName(size)))")
    return size
  }

  static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  static func compress(_ bytes: [UInt8], level: Int, checksum: Bool) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bound(bytes.count)) { target, count in
      count = bytes.withUnsafeBytes {
        compress($0, into: UnsafeMutableRawBufferPointer(target), level: level, checksum: checksum)
      }
    }
  }

  /// Decompresses frames that may lack their content size, never beyond the target.
  /// - Returns: The number of bytes.
  /// - Throws: `Failure` for anything but complete frames that fit.
  static func decompress(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws(Failure)
    -> Int
  {
    let declared = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
    if declared == UInt64.max - 1 { throw Failure(message: "it is not a zstd frame") }
    if declared != UInt64.max, declared > UInt64(target.count) {
      throw Failure(message: "it claims \(declared) bytes where at most \(target.count) belong")
    }
    let context = decompressors.take()
    defer { decompressors.give(back: context) }
    let size = ZSTD_decompressDCtx(
      context.pointer, target.baseAddress, target.count, bytes.baseAddress, bytes.count)
    guard ZSTD_isError(size) == 0 else { throw Failure(message: String(cString: ZSTD_getErrorName(size))) }
    return size
  }

  // A context is large to make and good for any number of frames, one thread at a time.
  private static let compressors = Pool { Context(pointer: ZSTD_createCCtx()) }
  private static let decompressors = Pool { Context(pointer: ZSTD_createDCtx()) }

  // Unchecked: a context is in the pool, which has a lock, or with the one thread that took it.
  private struct Context: @unchecked Sendable { let pointer: OpaquePointer? }

  private final class Pool: Sendable {
    private let idle = Mutex<[Context]>([])
    private let make: @Sendable () -> Context
    init(_ make: @escaping @Sendable () -> Context) { self.make = make }
    func take() -> Context { idle.withLock { $0.popLast() } ?? make() }
    func give(back context: Context) { idle.withLock { $0.append(context) } }
  }
}
