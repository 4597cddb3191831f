/// The name of a piece of work, of a message or of a note: words of letters, digits, `-`, `_` and `=` with `/` between them,
/// such as `4f21/12/340`. It is a file's name and a key of a broker, so nothing else is let in.
public struct MessageID: Hashable, Sendable, CustomStringConvertible, Comparable {
  public let text: String

  private static let longest = 180

  /// Nil for what is no id.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.longest, !text.isEmpty else { return nil }
    let words = text.split(separator: "/", omittingEmptySubsequences: false)
    guard words.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isAllowed) }) else { return nil }
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "="):
      true
    default: false
    }
  }

  /// The words of any text, with `_` for what an id may not have.
  public init(words: String...) {
    let clean = words.map { word in
      let bytes = word.utf8.prefix(60).map { Self.isAllowed($0) ? $0 : UInt8(ascii: "_") }
      return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
    text = String(clean.joined(separator: "/").utf8.prefix(Self.longest)) ?? clean[0]
  }

  public var description: String { text }

  public static func < (left: MessageID, right: MessageID) -> Bool { left.text < right.text }

  /// Whether it begins with these words.
  public func isUnder(_ prefix: MessageID) -> Bool { text.hasPrefix(prefix.text + "/") }
}
