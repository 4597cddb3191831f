import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("A broken or hostile store")
struct BrokenStoreTests {
  private func withStore(_ body: (URL) throws -> Void) async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      for index in 0..<12 {
        try writer.append(trajectory: 0, time: Double(index), TrajectoryStoreTests.frame(0, index))
      }
      try writer.close()
      try body(url)
    }
  }

  @Test(
    "A chunk that is cut short, changed, swollen or gone is an error that names the file",
    arguments: ["short", "flipped", "bomb", "gone", "empty"])
  func chunks(how: String) async throws {
    try await withStore { url in
      let file = url.appending(path: "rho/c.0.1.0.0")
      var bytes = try Data(contentsOf: file)
      switch how {
      case "short": bytes.removeLast(20)
      case "flipped": bytes[bytes.count / 2] ^= 16
      case "bomb": bytes = Data(Zstd.compress([UInt8](repeating: 0, count: 100 << 20), level: 1, checksum: true))
      case "empty": bytes = Data()
      default: break
      }
      if how == "gone" { try FileManager.default.removeItem(at: file) } else { try bytes.write(to: file) }
      let reader = try TrajectoryStoreReader(url)
      #expect(try reader.read("rho", trajectory: 0, frames: 0..<5).count == 160)
      let error = #expect(throws: StoreError.self) { try reader.read("rho", trajectory: 0, frames: 4..<6) }
      #expect(error?.code == .corrupt)
      #expect(error?.path.hasSuffix("rho/c.0.1.0.0") == true)

      let inspection = try StoreInspection(url, verify: true)
      #expect(inspection.damage?.map(\.frame) == [5])
      let repair = StoreRepair(planning: inspection)
      #expect(repair.description == "trajectory 0: keep 5 of 12 frames")
      #expect(try TrajectoryStoreReader(url).length(0) == 12)
      try repair.apply()
      #expect(try StoreInspection(url, verify: true).damage == [])
      #expect(try TrajectoryStoreReader(url).length(0) == 5)
    }
  }

  @Test("Metadata that lies is refused before memory is taken for it")
  func metadata() async throws {
    let lies: [(String, String)] = [
      ("\"shape\" : [", "\"shape\" : [-1,"), ("\"zarr_format\" : 3", "\"zarr_format\" : 2"),
      ("complex128", "complex512"),
      ("\"regular\"", "\"rectangular\""), ("\"zstd\"", "\"lzma\""), ("\"chunk_shape\" : [", "\"chunk_shape\" : [0,"),
      ("\"attributes\" : {", "\"surprise\" : 1, \"attributes\" : {"), ("{", ""),
      ("\"codecs\" : [", "\"codecs\" : [[],"),
    ]
    for (text, lie) in lies {
      try await withStore { url in
        let file = url.appending(path: "rho/zarr.json")
        let json = try String(contentsOf: file, encoding: .utf8)
        let range = try #require(json.range(of: text), "\(text) in \(json)")
        try json.replacingCharacters(in: range, with: lie).write(to: file, atomically: true, encoding: .utf8)
        #expect(throws: StoreError.self, "\(lie)") { try TrajectoryStoreReader(url) }
      }
    }
  }

  @Test("Chunks of terabytes are refused")
  func hugeChunks() throws {
    let codec: JSONValue = .object(["name": .string("bytes")])
    for sizes in [[1e9, 1e9], [4e18, 8], [1, 1e10]] {
      let json: JSONValue = .object([
        "zarr_format": .number(3), "node_type": .string("array"), "shape": .array([.number(10), .number(10)]),
        "data_type": .string("float64"),
        "chunk_grid": .object([
          "name": .string("regular"), "configuration": .object(["chunk_shape": .array(sizes.map { .number($0) })]),
        ]),
        "chunk_key_encoding": .object(["name": .string("default")]), "fill_value": .number(0),
        "codecs": .array([codec]),
      ])
      #expect(throws: StoreError.self) { try ArrayMetadata(json, path: "a") }
    }
  }

  @Test("Random damage to a chunk or to metadata is an error or harmless, never a crash and never wrong data")
  func fuzz() async throws {
    let rounds = ProcessInfo.processInfo.environment["HOLSTREAM_LONG_TESTS"] == nil ? 3_000 : 1_000_000
    var random = SystemSeeded(7)
    let plain = [UInt8]((0..<4096).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) })
    let chain = CodecChain([.zstd(level: 3, checksum: true)], dataType: .float64)
    let encoded = chain.encode(plain)
    var metadata = ArrayMetadata(
      shape: [3, 9], dataType: .complex64, chunkShape: [1, 4], codecs: chain, dimensionNames: ["a", "b"])
    metadata.attributes["x"] = .number(1)
    let json = try JSONEncoder().encode(metadata.json)
    for _ in 0..<rounds {
      var bytes = encoded
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0 where !bytes.isEmpty:
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        case 1 where !bytes.isEmpty: bytes.removeSubrange(Int.random(in: 0..<bytes.count, using: &random)...)
        default: bytes.append(UInt8.random(in: 0...255, using: &random))
        }
      }
      if let decoded = try? chain.decode(bytes, size: plain.count, path: "chunk") { #expect(decoded == plain) }
      var text = json
      text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 32..<127, using: &random)
      if let value = try? JSONDecoder().decode(JSONValue.self, from: text) { _ = try? ArrayMetadata(value, path: "a") }
    }
  }
}

/// SplitMix64: numbers for mutations, the same in every run.
struct SystemSeeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
