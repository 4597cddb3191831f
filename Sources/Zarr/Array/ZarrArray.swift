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
    guard ranges.count == shape.count, zip(ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
    else {
      throw StoreError(.outOfRange, url.path, "has the shape \(shape); \(ranges) was asked for")
    }
    let size = dataType.byteCount
    let counts = ranges.map(\.count)
    let total = counts.reduce(1, *) * size
    guard total > 0 else { return [] }
    var result = [UInt8](repeating: 0, count: total)
    let chunks = zip(ranges, chunkShape).map { range, chunk in
      (range.lowerBound / chunk)..<((range.upperBound - 1) / chunk + 1)
    }
    var index = chunks.map(\.lowerBound)
    while true {
      let chunk = try self.chunk(index)
      copy(chunk, at: index, to: &result, ranges)
      guard Self.advance(&index, within: chunks) else { break }
    }
    return result
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

  private func copy(_ chunk: [UInt8], at index: [Int], to result: inout [UInt8], _ ranges: [Range<Int>]) {
    let size = dataType.byteCount
    let rank = shape.count
    if rank == 0 {
      result = chunk
      return
    }
    // The part of the box that lies in this chunk, in the array's coordinates.
    let part = (0..<rank).map { axis in
      max(
        ranges[axis].lowerBound, index[axis] * chunkShape[axis])..<min(
          ranges[axis].upperBound, (index[axis] + 1) * chunkShape[axis])
    }
    let run = part[rank - 1].count * size
    let rows = Array(part.dropLast())
    var row = rows.map(\.lowerBound)
    result.withUnsafeMutableBytes { result in
      chunk.withUnsafeBytes { chunk in
        repeat {
          var source = 0
          var target = 0
          for axis in 0..<rank {
            let at = axis == rank - 1 ? part[axis].lowerBound : row[axis]
            source = source * chunkShape[axis] + at - index[axis] * chunkShape[axis]
            target = target * ranges[axis].count + at - ranges[axis].lowerBound
          }
          result.baseAddress!.advanced(by: target * size).copyMemory(
            from: chunk.baseAddress! + source * size, byteCount: run)
        } while Self.advance(&row, within: rows)
      }
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
