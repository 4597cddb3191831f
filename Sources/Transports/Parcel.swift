/// How a message that is larger than what travels at once goes in parts.
public enum Parcel {
  /// Bytes of a part.
  static let size = 500_000
  /// Bytes of the largest message.
  public static let largest = 64 << 20

  static func part(_ number: Int, of digest: String, _ id: MessageID) -> MessageID? {
    MessageID("\(id.text)/part-\(digest.prefix(16))-\(number)")
  }

  /// Whether an id is that of a part.
  public static func isPart(_ id: MessageID) -> Bool { id.text.split(separator: "/").last?.hasPrefix("part-") ?? false }

  static func plan(_ bytes: [UInt8]) -> (count: Int, bytes: Int, digest: String)? {
    let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard words.count == 3, let count = Int(words[0]), let total = Int(words[1]), words[2].count == 64,
      (1...largest).contains(total), count == (total + size - 1) / size
    else { return nil }
    return (count, total, String(words[2]))
  }
}
