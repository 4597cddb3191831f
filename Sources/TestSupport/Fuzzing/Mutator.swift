/// Makes hostile inputs of sound ones: each by its number alone, so that any can be made again and a run can be resumed.
public struct Mutator: Sendable {
  /// Sound inputs, and odd ones that were found before.
  public let corpus: [[UInt8]]
  /// Words of the format, put in at random places.
  public let words: [[UInt8]]
  public let seed: UInt64
  /// Inputs are cut there.
  public let longest: Int

  /// - Precondition: There is an input in the corpus.
  public init(corpus: [[UInt8]], words: [String], seed: UInt64 = 1, longest: Int = 1 << 16) {
    precondition(!corpus.isEmpty, "a mutator needs sound inputs to begin with")
    self.corpus = corpus
    self.words = words.map { Array($0.utf8) } + Self.numbers
    self.seed = seed
    self.longest = longest
  }

  /// Numbers at the edges of what types hold.
  private static let numbers = [
    "0", "-0", "-1", "1", "1e999", "-1e999", "1e-999", "NaN", "inf", "-inf", "0x7fffffffffffffff", "127", "128", "255",
    "256", "32768", "65535", "65536", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
    "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
    "18446744073709551616", "1e18", "1e19", "1.7976931348623157e308", "4.9e-324", "0.1", "00", "1_000",
    "99999999999999999999999",
  ].map { Array($0.utf8) }

  /// The input of a number: one of the corpus with one to eight changes.
  public func input(_ number: Int) -> [UInt8] {
    var random = SeededRandom(seed &* 0x1_0000_0001 &+ UInt64(bitPattern: Int64(number)))
    var bytes = random.pick(corpus)
    for _ in 0...random.below(8) { change(&bytes, &random) }
    if bytes.count > longest { bytes.removeSubrange(longest...) }
    return bytes
  }

  private func change(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    let at = random.below(bytes.count + 1)
    let end = min(bytes.count, at + 1 + random.below(random.below(8) == 0 ? 4096 : 16))
    switch random.below(12) {
    case 0: if at < bytes.count { bytes[at] ^= 1 << UInt8(random.below(8)) }
    case 1: if at < bytes.count { bytes[at] = UInt8(random.below(256)) }
    case 2: if at < bytes.count { bytes[at] = random.pick([0, 9, 10, 13, 32, 34, 39, 92, 127, 128, 0xC0, 0xED, 255]) }
    case 3, 4: bytes.insert(contentsOf: random.pick(words), at: at)
    case 5: bytes.replaceSubrange(at..<end, with: random.pick(words))
    case 6: bytes.removeSubrange(at..<end)
    case 7: bytes.removeSubrange(at...)
    case 8:
      let piece = Array(bytes[at..<end])
      for _ in 0...random.below(random.below(16) == 0 ? 2000 : 4) where bytes.count <= longest {
        bytes.insert(contentsOf: piece, at: at)
      }
    case 9:
      let other = random.pick(corpus)
      let from = random.below(other.count + 1)
      bytes.replaceSubrange(at..., with: other[from...])
    case 10:
      // The digits at the next number are another number's.
      guard let first = bytes[at...].firstIndex(where: Self.isDigit) else { return }
      let behind = bytes[first...].firstIndex { !Self.isDigit($0) } ?? bytes.count
      bytes.replaceSubrange(first..<behind, with: random.pick(Self.numbers))
    default:
      // Deep nesting: the same opening again and again.
      let opening = random.pick(words)
      let count = 1 + random.below(random.below(4) == 0 ? 3000 : 8)
      guard count * opening.count <= longest else { return }
      bytes.insert(contentsOf: Array(repeating: opening, count: count).joined(), at: at)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
