public import Foundation
internal import Synchronization

/// One array of a Zarr v3 store, for reading; safe to share between threads.
public final class ZarrArray: Sendable {
  public let url: URL
  let metadata: ArrayMetadata
  private let name: String
  private let path: String
  /// The resolved folder out of which no file is read.
  private let root: String
  private let cache: ChunkCache
  private let strict: Bool
  private let shards = Mutex<[[Int]: ShardIndex]>([:])

  public var shape: [Int] { metadata.shape }
  /// Of what is decoded at once: a chunk, also where several share a file.
  public var chunkShape: [Int] { metadata.chunkShape }
  public var dataType: ZarrDataType { metadata.dataType }
  public var dimensionNames: [String]? { metadata.dimensionNames }
  public var attributes: [String: JSONValue] { metadata.attributes }

  /// - Throws: `StoreError` when there is no array or none that this reader knows.
  public convenience init(_ url: URL) throws(StoreError) {
    try self.init(url, root: Files.resolved(url.path), cache: ChunkCache(), strict: false)
  }

  /// - Parameter strict: Treat a missing chunk as damage, not as never written.
  init(_ url: URL, root: String, cache: ChunkCache, strict: Bool) throws(StoreError) {
    self.url = url
    self.root = root
    self.cache = cache
    self.strict = strict
    name = url.lastPathComponent
    path = url.path
    guard let json = try Files.json(path + "/zarr.json", within: root) else {
      throw StoreError(.notFound, path, "there is no array here (no zarr.json)")
    }
    metadata = try ArrayMetadata(json, path: path)
  }

  /// The elements of a box, in C order, as doubles; complex ones as interleaved real and imaginary parts.
  /// - Parameter ranges: One range an axis, within the shape.
  /// - Throws: `StoreError` for a box outside the shape and for chunks that do not decode.
  public func read(_ ranges: [Range<Int>]) throws(StoreError) -> [Double] {
    let bytes = try readBytes(ranges)
    return bytes.withUnsafeBytes { dataType.doubles($0) }
  }

  /// The elements of a box, in C order, as little-endian bytes.
  public func readBytes(_ ranges: [Range<Int>]) throws(StoreError) -> [UInt8] { try readBytes(ranges, version: -1) }

  func readBytes(_ ranges: [Range<Int>], version: Int) throws(StoreError) -> [UInt8] {
    let total = try byteCount(of: ranges)
    var failure: StoreError?
    let result = [UInt8](unsafeUninitializedCapacity: total) { target, count in
      // Typed throws do not pass through the standard library's closures yet.
      do throws(StoreError) {
        try read(
          ranges, into: UnsafeMutableRawBufferPointer(start: target.baseAddress, count: total), version: version)
        count = total
      } catch {
        failure = error
        count = 0
      }
    }
    if let failure { throw failure }
    return result
  }

  /// The same into memory of the caller's, without copies in between.
  /// - Parameter target: Exactly as many bytes as the box has.
  public func read(_ ranges: [Range<Int>], into target: UnsafeMutableRawBufferPointer) throws(StoreError) {
    try read(ranges, into: target, version: -1)
  }

  /// - Parameter version: Of the chunks, when they may still grow; see `ChunkCache.Key`.
  func read(_ ranges: [Range<Int>], into target: UnsafeMutableRawBufferPointer, version: Int) throws(StoreError) {
    let total = try byteCount(of: ranges)
    precondition(target.count == total, "a box of \(total) bytes was to be read into \(target.count)")
    guard total > 0 else { return }
    let box = chunks(of: ranges)
    let (count, overflow) = box.reduce((1, false)) { product, range in
      let (value, overflow) = product.0.multipliedReportingOverflow(by: range.count)
      return (value, overflow || product.1)
    }
    guard !overflow else { throw StoreError(.outOfRange, path, "has too many chunks in \(ranges)") }
    guard count > 3, total > 1 << 20 else {
      var index = box.map(\.lowerBound)
      repeat {
        copy(try chunk(index, version: version), at: index, to: target, ranges)
      } while Self.advance(
        &index, within: box)
      return
    }
    // Large boxes are decoded by all cores; every chunk has its own part of the target.
    nonisolated(unsafe) let target = target
    let failure = Mutex<StoreError?>(nil)
    DispatchQueue.concurrentPerform(iterations: count) { number in
      var rest = number
      var index = box.map(\.lowerBound)
      for axis in box.indices.reversed() {
        index[axis] += rest % box[axis].count
        rest /= box[axis].count
      }
      do throws(StoreError) {
        copy(try chunk(index, version: version), at: index, to: target, ranges)
      } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Decodes the chunks of a box into the cache.
  func warm(_ ranges: [Range<Int>], version: Int) throws(StoreError) {
    guard try byteCount(of: ranges) > 0 else { return }
    let box = chunks(of: ranges)
    var index = box.map(\.lowerBound)
    repeat { _ = try chunk(index, version: version) } while Self.advance(&index, within: box)
  }

  private func chunks(of ranges: [Range<Int>]) -> [Range<Int>] {
    zip(ranges, chunkShape).map { range, chunk in (range.lowerBound / chunk)..<((range.upperBound - 1) / chunk + 1) }
  }

  private func byteCount(of ranges: [Range<Int>]) throws(StoreError) -> Int {
    guard ranges.count == shape.count, zip(ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
    else {
      throw StoreError(.outOfRange, path, "has the shape \(shape); \(ranges) was asked for")
    }
    var count = dataType.byteCount
    for range in ranges {
      let (product, overflow) = count.multipliedReportingOverflow(by: range.count)
      guard !overflow, product <= 1 << 46 else { throw StoreError(.outOfRange, path, "is too large for memory") }
      count = product
    }
    return count
  }

  /// Decodes one chunk; a chunk that was never written is the fill value.
  func chunk(_ index: [Int], version: Int = -1) throws(StoreError) -> [UInt8] {
    try cache.chunk(ChunkCache.Key(array: name, chunk: index, version: version)) { () throws(StoreError) in
      do throws(StoreError) { return try decode(index) } catch {
        // Shards have the names that chunks had, so any error may come from this.
        if strict, let json = try Files.json(path + "/zarr.json", within: root),
          let now = try? ArrayMetadata(json, path: path), now.sharding != metadata.sharding
        {
          throw StoreError(.notFound, path, "was sealed or unsealed since it was opened; open it again")
        }
        throw error
      }
    }
  }

  /// The encoded bytes of a chunk that was written, known to decode.
  func stored(_ index: [Int]) throws(StoreError) -> [UInt8] {
    let (bytes, file) = try encoded(index)
    guard let bytes else {
      throw StoreError(.corrupt, file, "is missing, although the store says that it was written")
    }
    _ = try metadata.codecs.decode(bytes, size: metadata.chunkByteCount, shape: metadata.chunkShape, path: file)
    return bytes
  }

  /// The bytes of a chunk as they are stored, nil when it was never written, and the file they are in.
  private func encoded(_ index: [Int]) throws(StoreError) -> (bytes: [UInt8]?, file: String) {
    let limit = CodecChain.largestFile(metadata.chunkByteCount)
    guard let sharding = metadata.sharding else {
      let file = path + "/" + metadata.chunkKey(index)
      return (try Files.read(file, within: root, atMost: limit), file)
    }
    let place = sharding.place(of: index)
    let file = path + "/" + metadata.chunkKey(place.shard)
    let bytes = try Self.chunk(place.entry, file, within: root, atMost: limit) { (shard) throws(StoreError) in
      try shardIndex(place.shard, shard, sharding)
    }
    return (bytes, file)
  }

  private func decode(_ index: [Int]) throws(StoreError) -> [UInt8] {
    let size = metadata.chunkByteCount
    let (encoded, file) = try encoded(index)
    if let encoded {
      return try metadata.codecs.decode(encoded, size: size, shape: metadata.chunkShape, path: file)
    }
    if strict { throw StoreError(.corrupt, file, "is missing, although the store says that it was written") }
    return [UInt8](unsafeUninitializedCapacity: size) { target, count in
      ZarrDataType.fill(
        UnsafeMutableRawBufferPointer(start: target.baseAddress, count: size), with: metadata.fill)
      count = size
    }
  }

  /// The bytes of a chunk within a shard; nil when the shard or the chunk was never written.
  private static func chunk(
    _ entry: Int, _ path: String, within root: String, atMost limit: Int,
    index: (borrowing StoredFile) throws(StoreError) -> ShardIndex
  ) throws(StoreError) -> [UInt8]? {
    guard let file = try StoredFile(path, within: root) else { return nil }
    guard let range = try index(file).ranges[entry] else { return nil }
    guard range.count <= limit, range.upperBound <= file.size else {
      throw StoreError(.corrupt, path, "has a chunk of \(range.count) bytes where at most \(limit) belong")
    }
    return try file.read(at: range.lowerBound, count: range.count)
  }

  private func shardIndex(_ shard: [Int], _ file: borrowing StoredFile, _ sharding: Sharding) throws(StoreError)
    -> ShardIndex
  {
    if let known = shards.withLock({ $0[shard] }) { return known }
    let index = try ShardIndex(file, sharding)
    shards.withLock { shards in
      // Indexes are small; what is forgotten here is read again.
      if shards.count * sharding.chunks > 1 << 20 { shards = [:] }
      shards[shard] = index
    }
    return index
  }

  private func copy(
    _ chunk: [UInt8], at index: [Int], to target: UnsafeMutableRawBufferPointer, _ ranges: [Range<Int>]
  ) {
    let size = dataType.byteCount
    let rank = shape.count
    // The part of the box that lies in this chunk, in the array's coordinates.
    let part = (0..<rank).map { axis in
      let start = index[axis] * chunkShape[axis]
      return max(ranges[axis].lowerBound, start)..<min(ranges[axis].upperBound, start + chunkShape[axis])
    }
    // Trailing axes that chunk and box both have whole are one run of bytes with the axis before them.
    var inner = max(0, rank - 1)
    while inner > 0, part[inner].count == chunkShape[inner], part[inner].count == ranges[inner].count { inner -= 1 }
    let run = part[inner...].reduce(size) { $0 * $1.count }
    let rows = Array(part[..<min(inner, rank)])
    var row = rows.map(\.lowerBound)
    chunk.withUnsafeBytes { chunk in
      repeat {
        var from = 0
        var to = 0
        for axis in 0..<rank {
          let at = axis < inner ? row[axis] : part[axis].lowerBound
          from = from * chunkShape[axis] + at - index[axis] * chunkShape[axis]
          to = to * ranges[axis].count + at - ranges[axis].lowerBound
        }
        target.baseAddress!.advanced(by: to * size).copyMemory(from: chunk.baseAddress! + from * size, byteCount: run)
      } while Self.advance(&row, within: rows)
    }
  }

  /// Steps to the next index of a box in C order; false after the last.
  private static func advance(_ index: inout [Int], within box: [Range<Int>]) -> Bool {
    for axis in box.indices.reversed() {
      index[axis] += 1
      if index[axis] < box[axis].upperBound { return true }
      index[axis] = box[axis].lowerBound
    }
    return false
  }
}
