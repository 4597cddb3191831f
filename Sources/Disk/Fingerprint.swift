internal import CKernels
public import Foundation

/// SHA-256 (FIPS 180-4) of bytes, of a text or of a file, as 64 hexadecimal digits.
public enum Fingerprint {
  public static func of(_ bytes: some Collection<UInt8>) -> String {
    var digest = holstream_sha256()
    holstream_sha256_begin(&digest)
    add(Array(bytes), &digest)
    return end(&digest)
  }

  public static func of(_ text: String) -> String { of(Array(text.utf8)) }

  /// Reads a file in parts of a mebibyte.
  /// - Throws: `DiskError` with the system's reason.
  public static func of(contentsOf file: URL) throws(DiskError) -> String {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DiskError(file.path, cannotBe: "read", errno) }
    defer { close(descriptor) }
    var digest = holstream_sha256()
    holstream_sha256_begin(&digest)
    var part = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = part.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DiskError(file.path, cannotBe: "read", errno) }
      if count == 0 { return end(&digest) }
      part.withUnsafeBufferPointer { holstream_sha256_add(&digest, $0.baseAddress, count) }
    }
  }

  private static func add(_ bytes: [UInt8], _ digest: inout holstream_sha256) {
    bytes.withUnsafeBufferPointer { holstream_sha256_add(&digest, $0.baseAddress, $0.count) }
  }

  private static func end(_ digest: inout holstream_sha256) -> String {
    var result = [UInt8](repeating: 0, count: 32)
    holstream_sha256_end(&digest, &result)
    return result.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
