internal import CKernels

enum Checksum {
  /// CRC-32C, the checksum of the `crc32c` codec (RFC 3720).
  static func crc32c(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    holstream_crc32c(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count)
  }

  static func crc32c(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32c($0) } }
}
