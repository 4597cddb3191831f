internal import Foundation

/// A JSON string between its quotation marks, with its escapes resolved.
enum JSONText {
  /// - Throws: Foundation's error for one that is none.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws -> String {
    guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
    return try JSONDecoder().decode(String.self, from: Data([0x22] + Array(bytes) + [0x22]))
  }
}
