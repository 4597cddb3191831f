/// The Castagnoli checksum, as iSCSI, Zarr and TensorBoard use it (RFC 3720, appendix B.4).
public enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0x82F6_3B78 ^ (value >> 1) : value >> 1 }
  }

  public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }

  /// Eight lower-case hexadecimal digits.
  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let text = String(checksum(bytes), radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }
}
