public import Foundation
internal import Synchronization

/// One array of a Zarr v3 store, for reading.
public final class ZarrArray: Sendable {
  public let url: URL
  let metadata: ArrayMetadata
  private let cache: ChunkCache
  private let strict: Bool

  public var shape: [Int] { metadata.shape }
  public var chunkShape: [Int] { metadata.chunkShape }
  public var dataType: ZarrDataType { metadata.dataType }
  public var dimensionNames: [String]? { metadata.dimensionNames }
  public var attributes: [String: JSONValue] { metadata.attributes }

  /// - Throws: `StoreError` when there is no array or none that this reader knows.
  public convenience init(_ url: URL) throws(StoreError) { try self.init(url, cache: ChunkCache(), strict: false) }

  /// - Parameter strict: Treat a missing chunk as damage, not as never written.
  init(_ url: URL, cache: ChunkCache, strict: Bool) throws(StoreError) {
    self.url = url
    self.cache = cache
    self.strict = strict
    guard let json = try Files.json(url.appending(path: "zarr.json")) else {
      throw StoreError(.notFound, url.path, "there is no array here (no zarr.json)")
    }
    metadata = try ArrayMetadata(json, path: url.path)
  }

  /// The elements of a box, in C order, as doubles; complex ones as interleaved real and imaginary parts.
  /// - Parameter ranges: One range an axis, within the shape.
  /// - Throws: `StoreError` for a box outside the shape and for chunks that do not decode.
  public func read(_ ranges: [Range<Int>]) throws(StoreError) -> [Double] {
    let bytes = try readBytes(ranges)
    return bytes.withUnsafeBytes { dataType.doubles($0) }
  }

  /// The elements of a box, in C order, as their bytes on disk.
  public func readBytes(_ ranges: [Range<Int>]) throws(StoreError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: try byteCount(of: ranges))
    // Typed throws do not pass through the standard library's closures yet.
    let outcome = result.withUnsafeMutableBytes { target -> StoreError? in
      do throws(StoreError) { try read(ranges, into: target) } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
    return result
  }

  /// The same into memory of the caller's, without copies in between.
  /// - Parameter target: Exactly as many bytes as the box has.
  public func read(_ ranges: [Range<Int>], into target: UnsafeMutableRawBufferPointer) throws(StoreError) {
    let total = try byteCount(of: ranges)
    precondition(target.count == total, "a box of \(total) bytes was to be read into \(target.count)")
    guard total > 0 else { return }
    let chunks = zip(ranges, chunkShape).map { range, chunk in
      (range.lowerBound / chunk)..<((range.upperBound - 1) / chunk + 1)
    }
    var index = chunks.map(\.lowerBound)
    repeat { copy(try chunk(index), at: index, to: target, ranges) } while Self.advance(&index, within: chunks)
  }

  private func byteCount(of ranges: [Range<Int>]) throws(StoreError) -> Int {
    guard ranges.count == shape.count, zip(ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
    else {
      throw StoreError(.outOfRange, url.path, "has the shape \(shape); \(ranges) was asked for")
    }
    return ranges.map(\.count).reduce(1, *) * dataType.byteCount
  }

  /// Decodes one chunk; a chunk that was never written is the fill value.
  func chunk(_ index: [Int]) throws(StoreError) -> [UInt8] {
    let key = metadata.chunkKey(index)
    if let cached = cache[url.lastPathComponent + "/" + key] { return cached }
    let file = url.appending(path: key)
    let limit = metadata.chunkByteCount + metadata.chunkByteCount / 64 + 1024
    guard let encoded = try Files.read(file, atMost: limit) else {
      if strict { throw StoreError(.corrupt, file.path, "is missing, although the store says that it was written") }
      return (0..<(metadata.chunkByteCount / dataType.byteCount)).flatMap { _ in metadata.fill }
    }
    let decoded = try metadata.codecs.decode(encoded, size: metadata.chunkByteCount, path: file.path)
    cache[url.lastPathComponent + "/" + key] = decoded
    return decoded
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
