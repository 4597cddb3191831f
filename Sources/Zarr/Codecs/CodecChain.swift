/// The codecs of an array: how a chunk's elements become the bytes of a file.
///
/// Known: `bytes` (little-endian), then any of `zstd` and `crc32c`. Not written and not read: `blosc`, `gzip`, `transpose`,
/// `sharding_indexed`; a store that uses them is refused by name.
struct CodecChain: Sendable, Equatable {
  enum Codec: Sendable, Equatable {
    case zstd(level: Int, checksum: Bool)
    case crc32c
  }

  var codecs: [Codec]
  private let typeSize: Int

  init(_ codecs: [Codec], dataType: ZarrDataType) {
    self.codecs = codecs
    typeSize = dataType.byteCount
  }

  init(_ json: [JSONValue], dataType: ZarrDataType, path: String) throws(StoreError) {
    var codecs: [Codec] = []
    for (position, entry) in json.enumerated() {
      guard let name = entry["name"]?.string ?? entry.string else {
        throw StoreError(.corrupt, path, "has a codec without a name")
      }
      switch name {
      case "bytes" where position == 0:
        if dataType.byteCount > 1, let endian = entry["configuration"]?["endian"]?.string, endian != "little" {
          throw StoreError(.unsupported, path, "is stored \(endian)-endian; write it anew little-endian")
        }
      case "zstd" where position > 0:
        let checksum = entry["configuration"]?["checksum"] == .bool(true)
        codecs.append(.zstd(level: entry["configuration"]?["level"]?.integer ?? 3, checksum: checksum))
      case "crc32c" where position > 0: codecs.append(.crc32c)
      default:
        throw StoreError(
          .unsupported, path,
          "uses the codec `\(name)`\(position == 0 ? " first" : ""); this reader knows bytes, zstd and crc32c: write the array anew with zarr-python's defaults"
        )
      }
    }
    guard !json.isEmpty else { throw StoreError(.corrupt, path, "has an empty list of codecs") }
    self.init(codecs, dataType: dataType)
  }

  func encode(_ chunk: [UInt8]) -> [UInt8] {
    codecs.reduce(chunk) { bytes, codec in
      switch codec {
      case .zstd(let level, let checksum): Zstd.compress(bytes, level: level, checksum: checksum)
      case .crc32c: bytes + withUnsafeBytes(of: Checksum.crc32c(bytes).littleEndian, Array.init)
      }
    }
  }

  /// - Parameter size: The chunk's size when decoded, known from the metadata: no more than that is ever allocated.
  /// - Throws: `StoreError` for bytes that do not decode to exactly that size.
  func decode(_ file: [UInt8], size: Int, path: String) throws(StoreError) -> [UInt8] {
    var bytes = file
    for (index, codec) in codecs.enumerated().reversed() {
      let overhead = 4 * codecs[..<index].count { $0 == .crc32c }
      switch codec {
      case .zstd:
        do { bytes = try Zstd.decompress(bytes, atMost: index == 0 ? size : size + size / 64 + 1024 + overhead) } catch
        {
          throw StoreError(.corrupt, path, "does not decompress: \(error.message)")
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
    return bytes
  }

  var json: JSONValue {
    let bytes: JSONValue = .object(["name": .string("bytes"), "configuration": .object(["endian": .string("little")])])
    return .array(
      [bytes]
        + codecs.map { codec in
          switch codec {
          case .zstd(let level, let checksum):
            .object([
              "name": .string("zstd"),
              "configuration": .object(["level": .number(Double(level)), "checksum": .bool(checksum)]),
            ])
          case .crc32c: .object(["name": .string("crc32c")])
          }
        })
  }
}
