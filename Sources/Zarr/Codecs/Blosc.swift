internal import CKernels

/// The core codec `blosc`: a 16-byte header over blocks that are shuffled and compressed each for itself.
///
/// Written: one block, zstd with its checksum, byte shuffle. Read: any number of blocks, split or not, byte and bit
/// shuffle, stored or compressed by zstd, lz4 or zlib. Format: c-blosc's README_CHUNK_FORMAT, version 2 of the header.
struct Blosc: Sendable, Equatable {
  enum Shuffle: String, Sendable {
    case none = "noshuffle"
    case bytes = "shuffle"
    case bits = "bitshuffle"
  }

  var compressor = "zstd"
  var level = 1
  var shuffle = Shuffle.bytes
  /// Bytes of what the shuffle takes as one element.
  var typeSize: Int
  var blockSize = 0

  struct Failure: Error { let message: String }

  private static let headerSize = 16
  private static let isStored: UInt8 = 2
  private static let isNotSplit: UInt8 = 0x10
  private enum Format { static let lz4 = 1, zlib = 3, zstd = 4 }

  // MARK: Writing

  /// What does not shrink is compressed all the same: a block that is stored as it is has no checksum.
  func compress(_ bytes: UnsafeRawBufferPointer) -> PooledBytes {
    let start = Self.headerSize + 8
    let size = bytes.count
    let frame = PooledBytes(start + Zstd.bound(size))
    let isShuffled = shuffle == .bytes && typeSize > 1
    let shuffled = PooledBytes(isShuffled ? size : 0)
    if isShuffled {
      shuffled.withTarget { shuffled in
        holstream_shuffle(
          bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
          shuffled.assumingMemoryBound(to: UInt8.self).baseAddress, size, typeSize)
      }
    }
    func body(_ bytes: UnsafeRawBufferPointer, into space: UnsafeMutableRawBufferPointer) -> Int {
      let body = Zstd.compress(bytes, into: space, level: level, checksum: true)
      // A block of exactly the decoded size would be taken for one that is stored as it is.
      guard body == size || body == size - 8 else { return body }
      return Zstd.compress(bytes, into: space, level: level, checksum: false)
    }
    frame.count = frame.withTarget { target in
      let space = UnsafeMutableRawBufferPointer(rebasing: target[start...])
      let body = isShuffled ? shuffled.withBytes { body($0, into: space) } : body(bytes, into: space)
      target[0] = 2
      target[1] = 1
      target[2] = Self.isNotSplit | UInt8(Format.zstd << 5) | (shuffle == .bytes ? 1 : 0)
      target[3] = UInt8(typeSize)
      for (place, number) in [(4, size), (8, size), (12, start + body), (16, start - 4), (20, body)] {
        target.storeBytes(of: UInt32(number).littleEndian, toByteOffset: place, as: UInt32.self)
      }
      return start + body
    }
    return frame
  }

  // MARK: Reading

  /// - Returns: The number of bytes, which fit into `target`.
  /// - Throws: `Failure` for frames that contradict themselves, the codec's configuration, or the size of the target.
  func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    func number(at offset: Int) -> Int {
      Int(UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    guard frame.count >= Self.headerSize, frame[0] == 1 || frame[0] == 2 else {
      throw Failure(message: "it is not a Blosc frame")
    }
    let flags = frame[2]
    let size = number(at: 4)
    let block = number(at: 8)
    guard number(at: 12) == frame.count else {
      throw Failure(message: "it claims \(number(at: 12)) bytes and has \(frame.count)")
    }
    guard size <= target.count else { throw Failure(message: "it claims \(size) bytes where \(target.count) belong") }
    // The header has no checksum of its own, so it is held against the configuration.
    let shuffled: Shuffle = flags & 1 != 0 ? .bytes : flags & 4 != 0 ? .bits : .none
    guard typeSize == 1 || Int(frame[3]) == typeSize || shuffle == .none, shuffled == shuffle || typeSize == 1 else {
      throw Failure(
        message:
          "its header says \(shuffled.rawValue) of \(frame[3]) bytes, the metadata \(shuffle.rawValue) of \(typeSize)")
    }
    let elementSize = Int(frame[3])
    guard size > 0 else { return 0 }
    if flags & Self.isStored != 0 {
      guard frame.count == Self.headerSize + size else { throw Failure(message: "it is cut short") }
      target.baseAddress!.copyMemory(from: frame.baseAddress! + Self.headerSize, byteCount: size)
      return size
    }
    guard block > 0, elementSize > 0 else { throw Failure(message: "it has blocks of no bytes") }
    let blocks = (size - 1) / block + 1
    guard blocks <= (frame.count - Self.headerSize) / 4 else { throw Failure(message: "it is cut short") }
    let scratch = PooledBytes(min(block, size))
    defer { withExtendedLifetime(scratch) {} }
    for index in 0..<blocks {
      let length = min(block, size - index * block)
      let into = UnsafeMutableRawBufferPointer(rebasing: target[index * block..<index * block + length])
      let applied = elementSize > 1 ? shuffled : .none
      let space = applied == .none ? into : UnsafeMutableRawBufferPointer(rebasing: scratch.memory[..<length])
      let isSplit =
        flags & Self.isNotSplit == 0 && length == block && elementSize <= 16 && block / elementSize >= 128
      let parts = isSplit ? elementSize : 1
      guard length % parts == 0 else { throw Failure(message: "its blocks cannot be split in \(parts)") }
      var at = number(at: Self.headerSize + 4 * index)
      for part in 0..<parts {
        guard at >= Self.headerSize, at <= frame.count - 4 else { throw Failure(message: "a block lies outside of it") }
        let packed = number(at: at)
        guard packed <= frame.count - at - 4 else { throw Failure(message: "a block lies outside of it") }
        try Self.expand(
          UnsafeRawBufferPointer(rebasing: frame[at + 4..<at + 4 + packed]), format: Int(flags >> 5),
          into: UnsafeMutableRawBufferPointer(rebasing: space[part * (length / parts)..<(part + 1) * (length / parts)]))
        at += 4 + packed
      }
      let from = space.assumingMemoryBound(to: UInt8.self).baseAddress!
      let to = into.assumingMemoryBound(to: UInt8.self).baseAddress!
      switch applied {
      case .none: break
      case .bytes: holstream_unshuffle(from, to, length, elementSize)
      case .bits: Self.unshuffleBits(from, to, length, elementSize)
      }
    }
    return size
  }

  private static func expand(
    _ bytes: UnsafeRawBufferPointer, format: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    if bytes.count == target.count {
      target.copyMemory(from: bytes)
      return
    }
    let size: Int
    switch format {
    case Format.zstd:
      do { size = try Zstd.decompress(bytes, into: target) } catch { throw Failure(message: error.message) }
    case Format.lz4: size = LZ4.decompress(bytes, into: target) ?? -1
    case Format.zlib:
      do { size = try Deflate.decompress(bytes, wrapping: .zlib, into: target) } catch {
        throw Failure(message: error.message)
      }
    default:
      throw Failure(
        message: "it is compressed by \(["BloscLZ", "LZ4", "Snappy"][min(format, 2)]); write it anew with zstd or lz4")
    }
    guard size == target.count else { throw Failure(message: "a block does not have its size") }
  }

  /// Row `8 * byte + bit` of the shuffled block holds that bit of every element. Blocks whose elements are no multiple of
  /// eight are not shuffled.
  private static func unshuffleBits(
    _ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<UInt8>, _ count: Int, _ typeSize: Int
  ) {
    let elements = count / typeSize
    guard elements % 8 == 0 else { return to.update(from: from, count: count) }
    let row = elements / 8
    for byte in 0..<typeSize {
      for eight in 0..<row {
        // Eight rows' bytes are an 8 × 8 matrix of bits, which is turned over.
        var bits: UInt64 = 0
        for bit in 0..<8 { bits |= UInt64(from[(8 * byte + bit) * row + eight]) << UInt64(8 * bit) }
        bits = transposed(bits)
        for element in 0..<8 {
          to[(8 * eight + element) * typeSize + byte] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * element))
        }
      }
    }
    let whole = elements * typeSize
    (to + whole).update(from: from + whole, count: count - whole)
  }

  /// The transpose of an 8 × 8 matrix of bits, by swapping ever larger blocks (Warren, Hacker's Delight, 7-3).
  private static func transposed(_ matrix: UInt64) -> UInt64 {
    var x = matrix
    var t = (x ^ (x >> 7)) & 0x00AA_00AA_00AA_00AA
    x ^= t ^ (t << 7)
    t = (x ^ (x >> 14)) & 0x0000_CCCC_0000_CCCC
    x ^= t ^ (t << 14)
    t = (x ^ (x >> 28)) & 0x0000_0000_F0F0_F0F0
    return x ^ t ^ (t << 28)
  }
}
