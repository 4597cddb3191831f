internal import CZstd

/// One zstd frame a chunk, with its content size in the header, as every reader of Zarr takes it.
enum Zstd {
  struct Failure: Error { let message: String }

  static func compress(_ bytes: [UInt8], level: Int, checksum: Bool) -> [UInt8] {
    let context = ZSTD_createCCtx()
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    let bound = ZSTD_compressBound(bytes.count)
    return [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      let size = ZSTD_compress2(context, target.baseAddress, bound, bytes, bytes.count)
      precondition(
        ZSTD_isError(size) == 0, "zstd failed within its own bound: \(String(cString: ZSTD_getErrorName(size)))")
      count = size
    }
  }

  /// Decompresses frames that may lack their content size, never beyond `limit`.
  /// - Throws: `Failure` for anything but complete frames of at most `limit` bytes.
  static func decompress(_ bytes: [UInt8], atMost limit: Int) throws(Failure) -> [UInt8] {
    let declared = ZSTD_getFrameContentSize(bytes, bytes.count)
    if declared == UInt64.max - 1 { throw Failure(message: "it is not a zstd frame") }
    if declared != UInt64.max, declared > UInt64(limit) {
      throw Failure(message: "it claims \(declared) bytes where at most \(limit) belong")
    }
    var failure: String?
    let result = [UInt8](unsafeUninitializedCapacity: limit) { target, count in
      let size = ZSTD_decompress(target.baseAddress, limit, bytes, bytes.count)
      if ZSTD_isError(size) != 0 { failure = String(cString: ZSTD_getErrorName(size)) } else { count = size }
    }
    if let failure { throw Failure(message: failure) }
    return result
  }
}
