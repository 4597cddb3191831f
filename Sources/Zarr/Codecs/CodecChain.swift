/// The codecs of an array: how a chunk's elements become the bytes of a file.
///
/// Known: any number of `transpose`, then `bytes` of either byte order, then any of `zstd`, `blosc`, `gzip` and `crc32c`;
/// another one is refused by name. Shards are no matter of the chain, but of the array.
struct CodecChain: Sendable, Equatable {
  enum Codec: Sendable, Equatable {
    case zstd(level: Int, checksum: Bool)
    case blosc(Blosc)
    case gzip(level: Int)
    case crc32c
  }

  var transposition: Transposition?
  var isBigEndian = false
  var codecs: [Codec]
  private let dataType: ZarrDataType

  init(_ codecs: [Codec], dataType: ZarrDataType, transposition: Transposition? = nil) {
    self.codecs = codecs
    self.dataType = dataType
    self.transposition = transposition
  }

  /// - Parameter rank: Of the array.
  /// - Throws: `StoreError` for a chain that the specification forbids or that has a codec this reader does not know.
  init(_ json: [JSONValue], dataType: ZarrDataType, rank: Int, path: String) throws(StoreError) {
    self.init([], dataType: dataType)
    guard json.count <= 16 else { throw StoreError(.corrupt, path, "has \(json.count) codecs") }
    var hasBytes = false
    for entry in json {
      guard let name = entry["name"]?.string ?? entry.string else {
        throw StoreError(.corrupt, path, "has a codec without a name")
      }
      let configuration = entry["configuration"]
      switch name {
      case "transpose" where !hasBytes:
        guard let order = configuration?["order"]?.array?.map({ $0.integer ?? -1 }), order.count == rank,
          let transposition = Transposition(order)
        else { throw StoreError(.corrupt, path, "transposes by what is no permutation of its axes") }
        self.transposition = self.transposition?.followed(by: transposition) ?? transposition
      case "bytes" where !hasBytes:
        hasBytes = true
        switch configuration?["endian"]?.string {
        case "big": isBigEndian = true
        case nil, "little": break
        case let other?: throw StoreError(.corrupt, path, "has the byte order `\(other)`")
        }
      case "zstd" where hasBytes:
        let checksum = configuration?["checksum"] == .bool(true)
        codecs.append(.zstd(level: configuration?["level"]?.integer ?? 3, checksum: checksum))
      case "blosc" where hasBytes: codecs.append(.blosc(try Self.blosc(configuration, dataType, path)))
      case "gzip" where hasBytes: codecs.append(.gzip(level: configuration?["level"]?.integer ?? 5))
      case "crc32c" where hasBytes: codecs.append(.crc32c)
      case "sharding_indexed":
        throw StoreError(
          .unsupported, path,
          "has shards within other codecs; write it anew with `sharding_indexed` as the only codec of the array")
      default:
        throw StoreError(
          .unsupported, path,
          "uses the codec `\(name)`\(hasBytes ? "" : " before the bytes"); this reader knows transpose, bytes, zstd, blosc, gzip and crc32c, and shards of them: write the array anew with zarr-python's defaults"
        )
      }
    }
    guard hasBytes else { throw StoreError(.corrupt, path, "has no codec that makes bytes of its elements") }
  }

  private static func blosc(_ configuration: JSONValue?, _ dataType: ZarrDataType, _ path: String) throws(StoreError)
    -> Blosc
  {
    let typeSize = configuration?["typesize"]?.integer ?? dataType.byteCount
    guard let shuffle = Blosc.Shuffle(rawValue: configuration?["shuffle"]?.string ?? "noshuffle"),
      (1...255).contains(typeSize)
    else { throw StoreError(.corrupt, path, "has a blosc codec that is not set up as the specification says") }
    return Blosc(
      compressor: configuration?["cname"]?.string ?? "zstd", level: configuration?["clevel"]?.integer ?? 1,
      shuffle: shuffle, typeSize: typeSize, blockSize: configuration?["blocksize"]?.integer ?? 0)
  }

  // MARK: Writing

  /// - Parameter shape: Of the chunk.
  func encode(_ chunk: UnsafeRawBufferPointer, shape: [Int]) -> PooledBytes {
    precondition(!isBigEndian, "this library writes little-endian")
    guard let transposition else { return encode(chunk) }
    return transposition.encode(chunk, shape: shape, size: dataType.byteCount).withBytes { encode($0) }
  }

  /// Of a small chunk that is not transposed.
  func encode(_ chunk: [UInt8]) -> [UInt8] { chunk.withUnsafeBytes { encode($0).withBytes { Array($0) } } }

  private func encode(_ chunk: UnsafeRawBufferPointer) -> PooledBytes {
    guard let first = codecs.first else {
      let copy = PooledBytes(chunk.count)
      copy.withTarget { $0.copyMemory(from: chunk) }
      return copy
    }
    return codecs.dropFirst().reduce(Self.apply(first, chunk)) { bytes, codec in
      bytes.withBytes { Self.apply(codec, $0) }
    }
  }

  private static func apply(_ codec: Codec, _ bytes: UnsafeRawBufferPointer) -> PooledBytes {
    switch codec {
    case .zstd(let level, let checksum):
      let frame = PooledBytes(Zstd.bound(bytes.count))
      frame.count = frame.withTarget { Zstd.compress(bytes, into: $0, level: level, checksum: checksum) }
      return frame
    case .blosc(let blosc): return blosc.compress(bytes)
    case .gzip: preconditionFailure("gzip is read, not written")
    case .crc32c:
      let frame = PooledBytes(bytes.count + 4)
      frame.withTarget { target in
        target.copyMemory(from: bytes)
        target.storeBytes(of: Checksum.crc32c(bytes).littleEndian, toByteOffset: bytes.count, as: UInt32.self)
      }
      return frame
    }
  }

  // MARK: Reading

  /// The most bytes that a chunk of `size` decoded bytes can sensibly have as a file.
  static func largestFile(_ size: Int) -> Int { size + size / 64 + 4096 }

  /// - Parameters:
  ///   - size: The chunk's size when decoded, known from the metadata: little more than that is ever allocated.
  ///   - shape: The chunk's, needed where it is transposed.
  /// - Throws: `StoreError` for bytes that do not decode to exactly that size.
  func decode(_ file: [UInt8], size: Int, shape: [Int] = [], path: String) throws(StoreError) -> [UInt8] {
    var bytes = file
    for (index, codec) in codecs.enumerated().reversed() {
      let limit = index == 0 ? size : Self.largestFile(size)
      switch codec {
      case .zstd:
        bytes = try Self.expand(bytes, atMost: limit, path, "decompress") { from, to throws(Zstd.Failure) in
          try Zstd.decompress(from, into: to)
        } reason: {
          $0.message
        }
      case .blosc(let blosc):
        bytes = try Self.expand(bytes, atMost: limit, path, "decompress") { from, to throws(Blosc.Failure) in
          try blosc.decompress(from, into: to)
        } reason: {
          $0.message
        }
      case .gzip:
        bytes = try Self.expand(bytes, atMost: limit, path, "decompress") { from, to throws(Deflate.Failure) in
          try Deflate.decompress(from, wrapping: .gzip, into: to)
        } reason: {
          $0.message
        }
      case .crc32c:
        guard bytes.count >= 4 else { throw StoreError(.corrupt, path, "is too short for its checksum") }
        let stored = bytes.withUnsafeBytes {
          UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self))
        }
        bytes.removeLast(4)
        guard Checksum.crc32c(bytes) == stored else { throw StoreError(.corrupt, path, "fails its checksum") }
      }
    }
    guard bytes.count == size else {
      throw StoreError(
        .corrupt, path, "holds \(bytes.count) bytes where the metadata says \(size): the file is cut short or foreign")
    }
    if isBigEndian { dataType.swapBytes(&bytes) }
    guard let transposition else { return bytes }
    return bytes.withUnsafeBytes { transposition.decode($0, shape: shape, size: dataType.byteCount) }
  }

  private static func expand<Failure: Error>(
    _ bytes: [UInt8], atMost limit: Int, _ path: String, _ verb: String,
    _ body: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws(Failure) -> Int,
    reason: (Failure) -> String
  ) throws(StoreError) -> [UInt8] {
    var failure: Failure?
    let result = [UInt8](unsafeUninitializedCapacity: limit) { target, count in
      bytes.withUnsafeBytes { bytes in
        do throws(Failure) { count = try body(bytes, UnsafeMutableRawBufferPointer(target)) } catch {
          failure = error
          count = 0
        }
      }
    }
    if let failure { throw StoreError(.corrupt, path, "does not \(verb): \(reason(failure))") }
    return result
  }

  // MARK: Metadata

  var json: JSONValue {
    func codec(_ name: String, _ configuration: [String: JSONValue] = [:]) -> JSONValue {
      .object(
        ["name": .string(name)].merging(configuration.isEmpty ? [:] : ["configuration": .object(configuration)]) {
          $1
        })
    }
    let transpose = transposition.map {
      [codec("transpose", ["order": .array($0.order.map { .number(Double($0)) })])]
    }
    let bytes = codec("bytes", ["endian": .string(isBigEndian ? "big" : "little")])
    return .array(
      (transpose ?? []) + [bytes]
        + codecs.map { entry in
          switch entry {
          case .zstd(let level, let checksum):
            codec("zstd", ["level": .number(Double(level)), "checksum": .bool(checksum)])
          case .blosc(let blosc):
            codec(
              "blosc",
              [
                "cname": .string(blosc.compressor), "clevel": .number(Double(min(9, max(0, blosc.level)))),
                "shuffle": .string(blosc.shuffle.rawValue), "typesize": .number(Double(blosc.typeSize)),
                "blocksize": .number(Double(blosc.blockSize)),
              ])
          case .gzip(let level): codec("gzip", ["level": .number(Double(level))])
          case .crc32c: codec("crc32c")
          }
        })
  }
}
