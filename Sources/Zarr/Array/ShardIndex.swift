/// Where the chunks of one shard lie in its file.
struct ShardIndex: Sendable {
  /// By place in the index; nil for chunks that were never written.
  let ranges: [Range<Int>?]

  /// - Throws: `StoreError` for an index that fails its checksum, points outside of the file or has chunks overlap.
  init(_ file: borrowing StoredFile, _ sharding: Sharding) throws(StoreError) {
    let size = sharding.indexByteCount
    guard file.size >= size else { throw StoreError(.corrupt, file.path, "is too short for the index of a shard") }
    let index = (sharding.isIndexAtStart ? 0 : file.size - size)..<(sharding.isIndexAtStart ? size : file.size)
    let bytes = try file.read(at: index.lowerBound, count: size)
    let entries = 16 * sharding.chunks
    if sharding.hasChecksum {
      let stored = bytes.withUnsafeBytes {
        UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: entries, as: UInt32.self))
      }
      guard bytes.withUnsafeBytes({ Checksum.crc32c(UnsafeRawBufferPointer(rebasing: $0[..<entries])) }) == stored
      else {
        throw StoreError(.corrupt, file.path, "has a shard index that fails its checksum")
      }
    }
    var ranges: [Range<Int>?] = []
    ranges.reserveCapacity(sharding.chunks)
    for place in 0..<sharding.chunks {
      let (offset, count) = bytes.withUnsafeBytes {
        (
          UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16 * place, as: UInt64.self)),
          UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16 * place + 8, as: UInt64.self))
        )
      }
      if offset == .max, count == .max {
        ranges.append(nil)
        continue
      }
      let (end, overflow) = offset.addingReportingOverflow(count)
      guard !overflow, end <= UInt64(file.size) else {
        throw StoreError(.corrupt, file.path, "has a shard index that points outside of the file")
      }
      ranges.append(Int(offset)..<Int(end))
    }
    var previous = 0..<0
    for range in (ranges.compactMap { $0 } + [index]).sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty
    {
      guard range.lowerBound >= previous.upperBound else {
        throw StoreError(.corrupt, file.path, "has a shard index in which chunks overlap")
      }
      previous = range
    }
    self.ranges = ranges
  }
}
