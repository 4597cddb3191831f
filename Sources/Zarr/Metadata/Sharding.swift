/// The core codec `sharding_indexed`: files that hold several chunks, in any order, and an index of where they lie.
///
/// The index is pairs (offset, size) of 64-bit integers in C order of the chunks, both 2⁶⁴ - 1 for a chunk that was never
/// written, followed by its own CRC-32C where the codecs of the index say so.
struct Sharding: Sendable, Equatable {
  var shardShape: [Int]
  var chunkShape: [Int]
  var isIndexAtStart = false
  var hasChecksum = true

  /// No index is larger; a larger claim is an attack or a mistake.
  private static let mostChunks = 1 << 22

  var chunksPerAxis: [Int] { zip(shardShape, chunkShape).map { $0 / $1 } }
  var chunks: Int { chunksPerAxis.reduce(1, *) }
  var indexByteCount: Int { 16 * chunks + (hasChecksum ? 4 : 0) }

  init(shardShape: [Int], chunkShape: [Int]) {
    self.shardShape = shardShape
    self.chunkShape = chunkShape
  }

  /// - Throws: `StoreError` for what the specification forbids and for indexes that are compressed.
  init(_ configuration: JSONValue?, shardShape: [Int], path: String) throws(StoreError) {
    guard let chunkShape = ArrayMetadata.sizes(configuration?["chunk_shape"], rank: shardShape.count),
      zip(shardShape, chunkShape).allSatisfy({ $0 % $1 == 0 })
    else { throw StoreError(.corrupt, path, "has shards that its chunks do not fill") }
    var count = 1
    for (shard, chunk) in zip(shardShape, chunkShape) {
      let (product, overflow) = count.multipliedReportingOverflow(by: shard / chunk)
      guard !overflow, product <= Self.mostChunks else {
        throw StoreError(.corrupt, path, "claims more than \(Self.mostChunks) chunks in a shard")
      }
      count = product
    }
    self.shardShape = shardShape
    self.chunkShape = chunkShape
    switch configuration?["index_location"]?.string {
    case "start": isIndexAtStart = true
    case nil, "end": break
    case let other?: throw StoreError(.corrupt, path, "has shards with their index at `\(other)`")
    }
    let codecs = (configuration?["index_codecs"]?.array ?? []).map { ($0["name"]?.string ?? $0.string, $0) }
    let endian = codecs.first?.1["configuration"]?["endian"]?.string ?? "little"
    guard codecs.first?.0 == "bytes", endian == "little",
      codecs.count == 1 || (codecs.count == 2 && codecs[1].0 == "crc32c")
    else {
      throw StoreError(
        .unsupported, path, "has a shard index that is not plain little-endian numbers with or without crc32c")
    }
    hasChecksum = codecs.count == 2
  }

  /// Where a chunk lies: its shard, and its place in the shard's index.
  func place(of chunk: [Int]) -> (shard: [Int], entry: Int) {
    let perAxis = chunksPerAxis
    var entry = 0
    for (axis, index) in chunk.enumerated() { entry = entry * perAxis[axis] + index % perAxis[axis] }
    return (zip(chunk, perAxis).map { $0 / $1 }, entry)
  }

  func json(_ codecs: CodecChain) -> JSONValue {
    let bytes: JSONValue = .object(["name": .string("bytes"), "configuration": .object(["endian": .string("little")])])
    return .array([
      .object([
        "name": .string("sharding_indexed"),
        "configuration": .object([
          "chunk_shape": .array(chunkShape.map { .number(Double($0)) }), "codecs": codecs.json,
          "index_codecs": .array([bytes] + (hasChecksum ? [.object(["name": .string("crc32c")])] : [])),
          "index_location": .string(isIndexAtStart ? "start" : "end"),
        ]),
      ])
    ])
  }
}
