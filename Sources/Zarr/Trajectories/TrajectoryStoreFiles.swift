internal import CKernels
internal import Foundation

/// The files of a trajectory store as its writer sees them: what a chunk, a grown shape and a length look like on disk.
struct TrajectoryStoreFiles: Sendable {
  var path: String
  let layout: TrajectoryStoreLayout
  /// The layout's fields, and `time` as the last.
  let fields: [TrajectoryField]
  /// Called before a file is written; tests put a full disk here.
  var obstacle: (@Sendable (String) throws(StoreError) -> Void)?
  private var arrays: [ArrayMetadata]
  private var length: ArrayMetadata
  /// Bits of mantissa that are kept, by field; nil where all are.
  private let keptBits: [Int?]
  /// The arrays' `zarr.json` around their shape.
  private var texts: [(before: String, after: String)] = []

  struct EncodedChunk: Sendable {
    var path: String
    var bytes: PooledBytes
    /// Whether a chunk with fewer frames was written under this name before.
    var isReplaced: Bool
  }

  static let time = TrajectoryField(name: "time", shape: [], dataType: .float64, dimensionNames: [])
  /// Trajectories whose lengths share one chunk of `length`.
  private static let lengthsPerChunk = 1024
  private static let keptBitsKey = "kept_mantissa_bits"

  /// Of a new store.
  init(_ path: String, _ layout: TrajectoryStoreLayout) throws(StoreError) {
    self.path = path
    self.layout = layout
    fields = layout.fields + [Self.time]
    let bits = CompressionPreset.keptBits(relativeError: layout.relativeError)
    keptBits = fields.map { field in
      guard layout.preset == .archive, field.name != Self.time.name else { return nil }
      switch field.dataType {
      case .float32, .complex64: return bits < 23 ? bits : nil
      case .float64, .complex128: return bits < 52 ? bits : nil
      default: return nil
      }
    }
    arrays = zip(fields, keptBits).map { field, bits in
      let preset = field.name == Self.time.name ? CompressionPreset.lossless : layout.preset
      var metadata = ArrayMetadata(
        shape: [0, 0] + field.shape, dataType: field.dataType, chunkShape: [1, layout.framesPerChunk] + field.shape,
        codecs: preset.chain(for: field, level: layout.compressionLevel),
        dimensionNames: ["trajectory", "time"] + field.dimensionNames, separator: ".")
      metadata.attributes = field.attributes
      if let bits { metadata.attributes[Self.keptBitsKey] = .number(Double(bits)) }
      return metadata
    }
    length = ArrayMetadata(
      shape: [0], dataType: .int64, chunkShape: [Self.lengthsPerChunk],
      codecs: CodecChain([.zstd(level: 1, checksum: true)], dataType: .int64), dimensionNames: ["trajectory"],
      separator: ".")
    length.attributes["description"] = .string(
      "frames of each trajectory that are stored; the last thing written of a commit")
    texts = try Self.texts(arrays)
  }

  /// Of a store that is gone on with, as it was laid out.
  /// - Throws: `StoreError` for a store of another layout.
  init(_ reader: TrajectoryStoreReader, threads: Int, synchronised: Synchronisation) throws(StoreError) {
    path = reader.url.path
    guard let length = reader.lengthArray, let time = reader.timeArray else {
      throw StoreError(
        .unsupported, path, "was not written by this program (no `length` and `time`), so it cannot be appended to")
    }
    let arrays = reader.fields.map { reader.array($0.name).metadata } + [time.metadata]
    guard arrays.allSatisfy({ $0.sharding == nil }) else {
      throw StoreError(
        .unsupported, path,
        "is sealed, and a sealed store is finished; write to a new one, or `holstream seal --undo` it")
    }
    guard length.chunkShape == [Self.lengthsPerChunk], length.metadata.sharding == nil,
      arrays.allSatisfy({
        Array($0.chunkShape.prefix(2)) == [1, time.chunkShape[1]] && $0.chunkShape.dropFirst(2) == $0.shape.dropFirst(2)
          && !$0.codecs.isBigEndian && !$0.codecs.codecs.contains { if case .gzip = $0 { true } else { false } }
      })
    else { throw StoreError(.unsupported, path, "is chunked in another way than this program's stores") }
    var preset = CompressionPreset.lossless
    var level = 1
    switch arrays[0].codecs.codecs.first {
    case .zstd(let stored, _): level = stored
    case .blosc(let blosc): (preset, level) = (.compact, blosc.level)
    default: break
    }
    keptBits = arrays.map { $0.attributes[Self.keptBitsKey]?.integer.map { max(0, $0) } }
    let bits = keptBits.compactMap { $0 }.max()
    layout = TrajectoryStoreLayout(
      fields: reader.fields, framesPerChunk: time.chunkShape[1], preset: bits == nil ? preset : .archive,
      compressionLevel: level,
      relativeError: bits.map { Double(sign: .plus, exponent: -($0 + 1), significand: 1) } ?? 1e-5,
      threads: threads, synchronised: synchronised, attributes: reader.attributes)
    fields = layout.fields + [Self.time]
    self.arrays = arrays
    self.length = length.metadata
    texts = try Self.texts(arrays)
  }

  var trajectories: Int { length.shape[0] }
  /// Frames that the arrays' shapes have room for.
  var frames: Int { arrays.map { $0.shape[1] }.min() ?? 0 }

  // MARK: Chunks

  /// Rounds, where the layout says so, and encodes every field's chunk.
  func encode(_ chunk: ChunkBuffer, trajectory: Int, isReplaced: Bool) -> [EncodedChunk] {
    fields.indices.map { index in
      let bytes = chunk.chunk(field: index)
      if let bits = keptBits[index] {
        if fields[index].dataType.byteCount / fields[index].dataType.components == 4 {
          holstream_round_float(bytes.baseAddress, bytes.count / 4, Int32(min(bits, 23)))
        } else {
          holstream_round_double(bytes.baseAddress, bytes.count / 8, Int32(min(bits, 52)))
        }
      }
      let key = arrays[index].chunkKey(
        [trajectory, chunk.firstFrame / layout.framesPerChunk] + fields[index].shape.map { _ in 0 })
      return EncodedChunk(
        path: "\(path)/\(fields[index].name)/\(key)",
        bytes: arrays[index].codecs.encode(UnsafeRawBufferPointer(bytes), shape: arrays[index].chunkShape),
        isReplaced: isReplaced)
    }
  }

  func store(_ chunk: EncodedChunk) throws(StoreError) {
    try obstacle?(chunk.path)
    let outcome = chunk.bytes.withBytes { bytes -> StoreError? in
      do throws(StoreError) {
        try Files.replace(
          chunk.path, with: bytes,
          // What takes the place of frames that may be on the disk already must be there before them.
          synchronised: isEveryChunk || (chunk.isReplaced && layout.synchronised != .never),
          isReplaced: chunk.isReplaced)
      } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
  }

  // MARK: Publishing

  private var isEveryChunk: Bool { layout.synchronised == .everyChunk }

  /// Makes the folders and the metadata of an empty store, and brings them to the disk.
  func create() throws(StoreError) {
    for name in fields.map(\.name) + ["length"] { try Files.make(folder: "\(path)/\(name)") }
    for (name, json) in metadata.sorted(by: { $0.key < $1.key }) {
      try Files.writeJSON(json, to: "\(path)/\(name)", synchronised: true)
    }
    for name in fields.map(\.name) + ["length"] { try Files.synchronise(folder: "\(path)/\(name)") }
    try Files.synchronise(folder: path)
  }

  /// Every `zarr.json` by its path within the store, with the shapes as they are now.
  var metadata: [String: JSONValue] {
    var all = ["zarr.json": Self.group(layout.attributes), "length/zarr.json": length.json]
    for (field, array) in zip(fields, arrays) { all["\(field.name)/zarr.json"] = array.json }
    return all
  }

  /// The root's `zarr.json`.
  static func group(_ attributes: [String: JSONValue]) -> JSONValue {
    .object(["zarr_format": .number(3), "node_type": .string("group"), "attributes": .object(attributes)])
  }

  /// Writes the arrays' shapes: `length` last, so that a reader who sees a trajectory there finds it everywhere.
  mutating func publish(trajectories: Int, frames: Int) throws(StoreError) {
    try obstacle?(path + "/zarr.json")
    for (index, field) in fields.enumerated() {
      arrays[index].shape.replaceSubrange(0..<2, with: [trajectories, frames])
      let text = texts[index].before + "\(arrays[index].shape)" + texts[index].after
      try Files.replace("\(path)/\(field.name)/zarr.json", with: Array(text.utf8), synchronised: isEveryChunk)
    }
    guard trajectories != length.shape[0] else { return }
    length.shape = [trajectories]
    try Files.writeJSON(length.json, to: path + "/length/zarr.json", synchronised: isEveryChunk)
  }

  /// Trajectories below this number were deleted by retention.
  var retired: Int { length.attributes[TrajectoryStoreReader.retiredKey]?.integer ?? 0 }

  mutating func publish(retired: Int) throws(StoreError) {
    length.attributes[TrajectoryStoreReader.retiredKey] = .number(Double(retired))
    try Files.writeJSON(length.json, to: path + "/length/zarr.json", synchronised: layout.synchronised != .never)
  }

  /// A trajectory's files of `frames` frames.
  func chunkFiles(of trajectory: Int, frames: Int) -> [String] {
    (0..<((frames + layout.framesPerChunk - 1) / layout.framesPerChunk)).flatMap { row in
      fields.indices.map {
        "\(path)/\(fields[$0].name)/\(arrays[$0].chunkKey([trajectory, row] + fields[$0].shape.map { _ in 0 }))"
      }
    }
  }

  /// Writes the lengths: the commit.
  /// - Parameter changed: Trajectories whose length is new.
  func publish(lengths: [Int], changed: some Sequence<Int>) throws(StoreError) {
    for block in Set(changed.map { $0 / Self.lengthsPerChunk }).sorted() {
      var numbers = lengths[(block * Self.lengthsPerChunk)..<min(lengths.count, (block + 1) * Self.lengthsPerChunk)]
        .map(Double.init)
      numbers += Array(repeating: 0, count: Self.lengthsPerChunk - numbers.count)
      let file = "\(path)/length/\(length.chunkKey([block]))"
      try obstacle?(file)
      try Files.replace(
        file, with: length.codecs.encode(ZarrDataType.int64.bytes(numbers)), synchronised: isEveryChunk,
        isReplaced: true)
    }
    if isEveryChunk {
      for name in fields.map(\.name) + ["length"] { try Files.synchronise(folder: "\(path)/\(name)") }
    }
  }

  private static func texts(_ arrays: [ArrayMetadata]) throws(StoreError) -> [(before: String, after: String)] {
    var texts: [(before: String, after: String)] = []
    for array in arrays {
      guard case .object(var members) = array.json else { continue }
      members["shape"] = .string("THE-SHAPE-GOES-HERE")
      let text = try Files.text(.object(members))
      let place = text.range(of: "\"THE-SHAPE-GOES-HERE\"")!
      texts.append((String(text[..<place.lowerBound]), String(text[place.upperBound...])))
    }
    return texts
  }
}
