internal import Tensors

/// What the first rank tells the others to compute: a header of fixed size, and bytes behind it.
struct RankCommand: Sendable {
  enum Kind: Int64, Sendable {
    /// A model, as a checkpoint's file.
    case model = 1
    /// Parameters and moments of another moment.
    case weights
    /// Loss and gradient of a batch, of which the bytes are this rank's samples.
    case gradient
    /// A step of the optimizer along the last gradient.
    case update
    /// There is nothing more to compute.
    case end
  }

  /// Int64 numbers of a header.
  private static let size = 8

  var kind: Kind
  /// Bytes that follow.
  var bytes = 0
  /// Up to six numbers; what they mean depends on the kind.
  var numbers: [Int64] = []

  var header: [Int64] {
    var header = [kind.rawValue, Int64(bytes)] + numbers
    header.append(contentsOf: repeatElement(0, count: Self.size - header.count))
    return header
  }

  init(_ kind: Kind, bytes: Int = 0, _ numbers: [Int64] = []) {
    self.kind = kind
    self.bytes = bytes
    self.numbers = numbers
  }

  /// Waits for the next one.
  /// - Throws: What the link throws; `LearningError` for what is none.
  init(from ranks: RankGroup) throws {
    var header = [Int64](repeating: 0, count: Self.size)
    try header.withUnsafeMutableBytes { try ranks.link.exchange([RankTransfer(0, receives: $0)], on: .commands) }
    guard let kind = Kind(rawValue: header[0]), (0...1 << 46).contains(header[1]) else {
      throw LearningError(
        .invalidData, "the first rank says what this one does not know; do all run the same version of the program?")
    }
    self.init(kind, bytes: Int(header[1]), Array(header[2...]))
  }

  /// Sends it to all others, with bytes for each.
  static func tell(
    _ ranks: RankGroup, _ kind: Kind, _ numbers: [Int64] = [], _ bytes: (_ rank: Int) -> UnsafeRawBufferPointer
  ) throws {
    let parts = (0..<ranks.count).map { $0 == ranks.rank ? UnsafeRawBufferPointer(start: nil, count: 0) : bytes($0) }
    let headers = parts.map { RankCommand(kind, bytes: $0.count, numbers).header }
    let all = headers.flatMap { $0 }
    try all.withUnsafeBytes { memory in
      try ranks.tell { rank in
        let size = Self.size * MemoryLayout<Int64>.size
        return [UnsafeRawBufferPointer(rebasing: memory[(rank * size)..<((rank + 1) * size)]), parts[rank]]
      }
    }
  }
}
