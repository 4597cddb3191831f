import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("Chunks and metadata that are damaged at random or on purpose")
struct FuzzTests {
  static let plain = [UInt8]((0..<4096).map { UInt8(truncatingIfNeeded: $0 * $0 / 4096) })
  /// A million inputs with HOLSTREAM_LONG_TESTS=1.
  static let rounds = ProcessInfo.processInfo.environment["HOLSTREAM_LONG_TESTS"] == nil ? 4_000 : 1_000_000

  private struct Entry: Decodable {
    var name: String
    var codecs: [JSONValue]
    var valid: Bool

    func chain() throws -> CodecChain { try CodecChain(codecs, dataType: .float64, rank: 1, path: name) }
    func bytes() throws -> [UInt8] {
      try [UInt8](Data(contentsOf: Places.data.appending(path: "store/chunks/\(name)")))
    }
  }

  private func corpus() throws -> [Entry] {
    try JSONDecoder().decode([Entry].self, from: Data(contentsOf: Places.data.appending(path: "store/chunks.json")))
  }

  @Test("Every odd chunk of the corpus decodes as it should or is refused")
  func knownChunks() throws {
    let entries = try corpus()
    #expect(entries.count > 35)
    for entry in entries {
      let chain = try entry.chain()
      let bytes = try entry.bytes()
      if entry.valid {
        #expect(try chain.decode(bytes, size: 4096, path: entry.name) == Self.plain, "\(entry.name)")
      } else {
        let error = #expect(throws: StoreError.self, "\(entry.name)") {
          try chain.decode(bytes, size: 4096, path: entry.name)
        }
        #expect(error?.code == .corrupt)
      }
    }
  }

  @Test("What this library writes, damaged at random, is an error or the right data")
  func own() throws {
    var random = SystemSeeded(7)
    let chains = [
      CodecChain([.zstd(level: 3, checksum: true)], dataType: .float64),
      CodecChain([.zstd(level: 1, checksum: true), .crc32c], dataType: .float64),
      CodecChain([.blosc(Blosc(typeSize: 8))], dataType: .float64),
      CodecChain([.blosc(Blosc(typeSize: 16))], dataType: .complex128, transposition: Transposition([0, 2, 1])),
    ]
    let shape = [2, 16, 8]
    for round in 0..<Self.rounds / 2 {
      let chain = chains[round % 4]
      let encoded = Self.plain.withUnsafeBytes { chain.encode($0, shape: shape).withBytes { Array($0) } }
      let damaged = damage(encoded, &random)
      if let decoded = try? chain.decode(damaged, size: 4096, shape: shape, path: "chunk"), decoded != Self.plain {
        Issue.record("round \(round): wrong data")
      }
    }
  }

  @Test("What others write, damaged at random, never ends the program and never takes more memory than a chunk has")
  func foreign() throws {
    var random = SystemSeeded(8)
    let entries = try corpus().map { (try $0.chain(), try $0.bytes()) }
    for round in 0..<Self.rounds / 2 {
      let (chain, bytes) = entries[round % entries.count]
      let decoded = try? chain.decode(damage(bytes, &random), size: 4096, path: "chunk")
      if let decoded, decoded.count != 4096 { Issue.record("round \(round): \(decoded.count) bytes") }
    }
  }

  @Test("A shard that is damaged at random is an error or the right data")
  func shards() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      for index in 0..<20 { try writer.append(trajectory: 0, time: 0, TrajectoryStoreTests.frame(0, index)) }
      try writer.close()
      _ = try StoreSeal(sealing: url)
      let truth = try TrajectoryStoreReader(url).readBytes("rho", trajectory: 0, frames: 0..<20)
      let file = url.appending(path: "rho/c.0.0.0.0")
      let shard = try [UInt8](Data(contentsOf: file))
      var random = SystemSeeded(9)
      for round in 0..<min(20_000, Self.rounds / 10) {
        try Data(damage(shard, &random)).write(to: file)
        let array = try ZarrArray(url.appending(path: "rho"))
        if let bytes = try? array.readBytes([0..<1, 0..<20, 0..<4, 0..<4]), bytes != truth {
          // A shard whose index says that nothing was written is a hole, and its index has a checksum against that.
          Issue.record("round \(round): wrong data")
        }
      }
    }
  }

  @Test("Shard indexes that point outside, overlap or claim too much are refused before memory is taken")
  func shardIndexes() async throws {
    try await withTemporaryDirectory { folder in
      let body = [UInt8](repeating: 7, count: 100)
      func index(_ entries: [(UInt64, UInt64)]) -> [UInt8] {
        entries.flatMap { entry in [entry.0, entry.1].flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) } }
      }
      var sharding = Sharding(shardShape: [2], chunkShape: [1])
      sharding.hasChecksum = false
      let path = folder.appending(path: "shard").path
      func ranges(_ bytes: [UInt8]) throws -> [Range<Int>?] {
        try Data(bytes).write(to: URL(filePath: path))
        guard let file = try StoredFile(path, within: nil) else { return [] }
        return try ShardIndex(file, sharding).ranges
      }
      let full = try ranges(body + index([(0, 50), (50, 50)]))
      #expect(full == [0..<50, 50..<100])
      let half = try ranges(body + index([(.max, .max), (10, 20)]))
      #expect(half == [nil, 10..<30])
      for entries: [(UInt64, UInt64)] in [
        [(0, 50), (49, 51)], [(0, 101), (.max, .max)], [(90, 40), (0, 1)], [(.max - 4, 10), (0, 1)],
        [(0, .max), (0, 1)], [(1 << 62, 1 << 62), (0, 1)], [(.max, 0), (0, 1)], [(0, 10), (0, 10)],
      ] {
        #expect(throws: StoreError.self, "\(entries)") { try ranges(body + index(entries)) }
      }
      #expect(throws: StoreError.self) { try ranges([1, 2, 3]) }
    }
  }

  @Test("Metadata damaged at random is refused or understood")
  func metadata() throws {
    var random = SystemSeeded(10)
    var metadata = ArrayMetadata(
      shape: [3, 9], dataType: .complex64, chunkShape: [1, 4],
      codecs: CodecChain([.blosc(Blosc(typeSize: 8))], dataType: .complex64, transposition: Transposition([1, 0])),
      dimensionNames: ["a", "b"])
    metadata.sharding = Sharding(shardShape: [3, 8], chunkShape: [1, 4])
    metadata.attributes["x"] = .number(1)
    let json = try [UInt8](JSONEncoder().encode(metadata.json))
    #expect(
      try ArrayMetadata(JSONDecoder().decode(JSONValue.self, from: Data(json)), path: "a").sharding == metadata.sharding
    )
    for _ in 0..<Self.rounds / 10 {
      let text = Data(damage(json, &random))
      if let value = try? JSONDecoder().decode(JSONValue.self, from: text) { _ = try? ArrayMetadata(value, path: "a") }
    }
  }

  /// One to four changes: a byte, a bit, a cut, a few bytes more, or a large number in place of four bytes.
  private func damage(_ bytes: [UInt8], _ random: inout SystemSeeded) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &random)] }
      // Headers are where damage does most.
      let reach = Bool.random(using: &random) ? min(32, bytes.count) : bytes.count
      let place = Int.random(in: 0..<reach, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place...)
      case 3: bytes.append(UInt8.random(in: 0...255, using: &random))
      case 4: for at in place..<min(bytes.count, place + 4) { bytes[at] = 255 }
      default: bytes[place] = [0, 1, 127, 128, 255].randomElement(using: &random)!
      }
    }
    return bytes
  }
}
