internal import Foundation

/// The `zarr.json` of an array (Zarr v3 core specification).
///
/// ```json
/// {"zarr_format": 3, "node_type": "array", "shape": [8, 301, 16], "data_type": "float64",
///  "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 32, 16]}},
///  "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
///  "fill_value": "NaN", "codecs": [{"name": "bytes", "configuration": {"endian": "little"}},
///  {"name": "zstd", "configuration": {"level": 3, "checksum": true}}],
///  "attributes": {}, "dimension_names": ["trajectory", "time", "site"]}
/// ```
struct ArrayMetadata: Sendable, Equatable {
  var shape: [Int]
  var dataType: ZarrDataType
  /// Of what is encoded and decoded at once.
  var chunkShape: [Int]
  /// Of the files that hold several chunks and an index of them; nil where each chunk is a file.
  var sharding: Sharding?
  var separator = "/"
  /// `default` keys begin with `c`, `v2` keys do not.
  var keysBeginWithC = true
  /// Bytes of one element that was never written.
  var fill: [UInt8]
  /// Of a chunk, also within a shard.
  var codecs: CodecChain
  var dimensionNames: [String]?
  var attributes: [String: JSONValue] = [:]

  /// No array of ours or of anyone's lattice has chunks beyond this; a larger claim is an attack or a mistake.
  static let largestChunk = 1 << 30

  var chunkByteCount: Int { chunkShape.reduce(1, *) * dataType.byteCount }

  /// The file's key of a chunk, or of a shard where there are shards.
  func chunkKey(_ index: [Int]) -> String {
    let parts = (keysBeginWithC ? ["c"] : []) + index.map(String.init)
    return parts.isEmpty ? (keysBeginWithC ? "c" : "0") : parts.joined(separator: separator)
  }

  init(
    shape: [Int], dataType: ZarrDataType, chunkShape: [Int], codecs: CodecChain, dimensionNames: [String],
    separator: String = "/"
  ) {
    self.separator = separator
    self.shape = shape
    self.dataType = dataType
    self.chunkShape = chunkShape
    self.codecs = codecs
    self.dimensionNames = dimensionNames
    fill = dataType.hole
  }

  /// - Throws: `StoreError` for anything that the specification forbids or that this reader does not know.
  init(_ json: JSONValue, path: String) throws(StoreError) {
    func corrupt(_ message: String) -> StoreError { StoreError(.corrupt, path, message) }
    guard json["zarr_format"]?.integer == 3 else {
      throw StoreError(.unsupported, path, "is not Zarr version 3; zarr-python's `zarr.copy` converts older stores")
    }
    guard json["node_type"]?.string == "array" else { throw StoreError(.notAStore, path, "is not an array") }
    for (key, value) in json.object ?? [:]
    where !Self.knownKeys.contains(key) && value["must_understand"] != .bool(false) {
      throw StoreError(.unsupported, path, "has the extension `\(key)`, which must be understood")
    }
    if let transformers = json["storage_transformers"], transformers != .array([]) {
      throw StoreError(.unsupported, path, "uses storage transformers")
    }
    guard let sizes = json["shape"]?.array, case let shape = sizes.compactMap(\.integer), shape.count == sizes.count,
      shape.allSatisfy({ $0 >= 0 && $0 < 1 << 48 }), shape.count <= 16
    else { throw corrupt("has no valid shape") }
    guard let name = json["data_type"]?.string, let dataType = ZarrDataType(rawValue: name) else {
      throw StoreError(
        .unsupported, path, "has the data type \(json["data_type"]?.string ?? "?"), which this reader does not know")
    }
    var total = dataType.byteCount
    for size in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: max(1, size))
      guard !overflow, product < 1 << 60 else { throw corrupt("claims the shape \(shape), which no disk holds") }
      total = product
    }
    guard json["chunk_grid"]?["name"]?.string == "regular",
      let grid = Self.sizes(json["chunk_grid"]?["configuration"]?["chunk_shape"], rank: shape.count)
    else { throw corrupt("has no regular chunk grid of its rank") }
    let keys = json["chunk_key_encoding"]
    guard let encoding = keys?["name"]?.string ?? keys?.string, ["default", "v2"].contains(encoding) else {
      throw corrupt("has no chunk key encoding that the specification knows")
    }
    let separator = keys?["configuration"]?["separator"]?.string ?? (encoding == "v2" ? "." : "/")
    guard ["/", "."].contains(separator) else { throw corrupt("separates chunk keys by `\(separator)`") }
    guard var codecs = json["codecs"]?.array else { throw corrupt("has no codecs") }
    var chunkShape = grid
    if codecs.count == 1, codecs[0]["name"]?.string == "sharding_indexed" {
      let sharding = try Sharding(codecs[0]["configuration"], shardShape: grid, path: path)
      chunkShape = sharding.chunkShape
      codecs = codecs[0]["configuration"]?["codecs"]?.array ?? []
      self.sharding = sharding
    }
    var bytes = dataType.byteCount
    for size in chunkShape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      guard !overflow, product <= Self.largestChunk else { throw corrupt("claims chunks of more than 1 GiB") }
      bytes = product
    }
    self.shape = shape
    self.dataType = dataType
    self.chunkShape = chunkShape
    self.separator = separator
    keysBeginWithC = encoding == "default"
    self.codecs = try CodecChain(codecs, dataType: dataType, rank: shape.count, path: path)
    dimensionNames = json["dimension_names"]?.array?.map { $0.string ?? "" }
    attributes = json["attributes"]?.object ?? [:]
    guard let fill = Self.fill(json["fill_value"], dataType) else { throw corrupt("has no valid fill value") }
    self.fill = fill
  }

  /// Positive sizes of so many axes; nil for anything else.
  static func sizes(_ value: JSONValue?, rank: Int) -> [Int]? {
    guard let values = value?.array, case let sizes = values.compactMap(\.integer), sizes.count == values.count,
      sizes.count == rank, sizes.allSatisfy({ $0 > 0 && $0 < 1 << 48 })
    else { return nil }
    return sizes
  }

  private static let knownKeys: Set = [
    "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs",
    "attributes",
    "dimension_names", "storage_transformers",
  ]

  private static func fill(_ value: JSONValue?, _ dataType: ZarrDataType) -> [UInt8]? {
    func number(_ value: JSONValue) -> Double? {
      switch value {
      case .number(let number): number
      case .string("NaN"): .nan
      case .string("Infinity"): .infinity
      case .string("-Infinity"): -.infinity
      case .string(let text) where text.hasPrefix("0x"):
        dataType.byteCount / dataType.components == 4
          ? UInt32(text.dropFirst(2), radix: 16).map { Double(Float(bitPattern: $0)) }
          : UInt64(text.dropFirst(2), radix: 16).map { Double(bitPattern: $0) }
      default: nil
      }
    }
    guard let value else { return nil }
    switch dataType {
    case .float16: return number(value).map { $0 == 0 ? [0, 0] : dataType.hole }
    case .float32, .float64:
      guard let number = number(value) else { return nil }
      return dataType.bytes([number])
    case .complex64, .complex128:
      guard let parts = value.array, parts.count == 2, let re = number(parts[0]), let im = number(parts[1]) else {
        return nil
      }
      return dataType.bytes([re, im])
    case .bool:
      guard case .bool(let flag) = value else { return nil }
      return [flag ? 1 : 0]
    default:
      guard let number = value.number, abs(number) < 0x1p63, let integer = Int64(exactly: number) else { return nil }
      return withUnsafeBytes(of: integer.littleEndian) { Array($0.prefix(dataType.byteCount)) }
    }
  }

  var json: JSONValue {
    func numbers(_ values: [Int]) -> JSONValue { .array(values.map { .number(Double($0)) }) }
    let grid = sharding?.shardShape ?? chunkShape
    var members: [String: JSONValue] = [
      "zarr_format": .number(3), "node_type": .string("array"), "shape": numbers(shape),
      "data_type": .string(dataType.rawValue),
      "chunk_grid": .object([
        "name": .string("regular"), "configuration": .object(["chunk_shape": numbers(grid)]),
      ]),
      "chunk_key_encoding": .object([
        "name": .string("default"), "configuration": .object(["separator": .string(separator)]),
      ]),
      "fill_value": dataType.fillValue, "codecs": sharding?.json(codecs) ?? codecs.json,
      "attributes": .object(attributes),
    ]
    if let dimensionNames { members["dimension_names"] = .array(dimensionNames.map { .string($0) }) }
    return .object(members)
  }
}
