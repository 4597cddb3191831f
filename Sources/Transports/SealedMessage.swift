internal import CKernels

/// A message as it travels: four letters, the CRC-32C of the rest, and the rest.
enum SealedMessage {
  /// Bytes of the largest message: what a broker takes by default is 1 MiB.
  static let largest = 1_000_000
  private static let magic = Array("HsM1".utf8)
  static let overhead = 8

  /// - Throws: `TransportError.tooLarge`.
  static func seal(_ message: [UInt8], _ id: MessageID) throws(TransportError) -> [UInt8] {
    guard message.count <= largest else {
      throw TransportError(
        .tooLarge, "the message \(id) has \(message.count) bytes; \(largest) are the most that travel at once")
    }
    let crc = message.withUnsafeBufferPointer { holstream_crc32c($0.baseAddress, $0.count) }
    return magic + withUnsafeBytes(of: crc.littleEndian, Array.init) + message
  }

  /// - Throws: `TransportError.malformed`.
  static func open(_ bytes: [UInt8], _ id: MessageID, at address: String) throws(TransportError) -> [UInt8] {
    guard bytes.count >= overhead, bytes.count <= largest + overhead, bytes.starts(with: magic) else {
      throw TransportError(.malformed, "what is at \(address) under \(id) was not written by holstream")
    }
    let stored = bytes[4..<8].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    let message = Array(bytes[overhead...])
    guard message.withUnsafeBufferPointer({ holstream_crc32c($0.baseAddress, $0.count) }) == stored else {
      throw TransportError(.malformed, "the message \(id) at \(address) is damaged: its checksum does not agree")
    }
    return message
  }
}
