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

  @Test("Lengths that are lost, torn or behind their chunks are found again")
  func lengths() async throws {
    for how in ["gone", "torn", "behind", "ahead of a missing shard"] {
      try await withStore { url in
        let file = url.appending(path: "length/c.0")
        let whole = try [UInt8](Data(contentsOf: file))
        switch how {
        case "gone": try FileManager.default.removeItem(at: file)
        case "torn": try Data(whole.dropLast(5)).write(to: file)
        case "behind":
          let numbers = [7.0] + Array(repeating: 0, count: 1023)
          let chain = CodecChain([.zstd(level: 1, checksum: true)], dataType: .int64)
          try Data(chain.encode(ZarrDataType.int64.bytes(numbers))).write(to: file)
        default:
          _ = try StoreSeal(sealing: url)
          try FileManager.default.removeItem(at: url.appending(path: "rho/c.0.0.0.0"))
        }
        let repair = StoreRepair(planning: try StoreInspection(url, verify: true))
        #expect(repair.isNeeded)
        let first = try? TrajectoryStoreReader(url).length(0)
        #expect(first == ["gone": 0, "behind": 7, "ahead of a missing shard": 12][how], "nothing was touched yet")
        try repair.apply()
        let inspection = try StoreInspection(url, verify: true)
        #expect(inspection.damage == [] && !StoreRepair(planning: inspection).isNeeded)
        #expect(inspection.reader.length(0) == (how.hasPrefix("ahead") ? 0 : 12), "\(how)")
        if inspection.reader.length(0) == 12 {
          #expect(
            try inspection.reader.read("Q", trajectory: 0, frames: 11..<12) == TrajectoryStoreTests.frame(0, 11)["Q"])
        }
      }
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

  @Test("Links out of the store, pipes and folders in place of files are refused")
  func places() async throws {
    try await withStore { url in
      let file = url.appending(path: "rho/c.0.1.0.0")
      let outside = url.deletingLastPathComponent().appending(path: "outside")
      let inside = url.appending(path: "Q/moved")
      func attempt() throws -> StoreError? {
        let reader = try TrajectoryStoreReader(url)
        do {
          _ = try reader.read("rho", trajectory: 0, frames: 5..<6)
          return nil
        } catch { return error }
      }
      try FileManager.default.moveItem(at: file, to: inside)
      try FileManager.default.createSymbolicLink(at: file, withDestinationURL: inside)
      #expect(try attempt() == nil)
      try FileManager.default.removeItem(at: file)
      try FileManager.default.moveItem(at: inside, to: outside)
      try FileManager.default.createSymbolicLink(at: file, withDestinationURL: outside)
      #expect(try attempt()?.message.contains("leads out of the store") == true)
      try FileManager.default.removeItem(at: file)
      #expect(mkfifo(file.path, 0o600) == 0)
      #expect(try attempt()?.message == "is not a file")
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
      #expect(try attempt()?.message == "is not a file")
      try FileManager.default.removeItem(at: file)
      // A whole array that lies elsewhere, and a store that is itself reached by a link.
      try FileManager.default.moveItem(at: outside, to: file)
      let link = url.deletingLastPathComponent().appending(path: "link.zarr")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
      #expect(try TrajectoryStoreReader(link).read("rho", trajectory: 0, frames: 5..<6).count == 32)
      try FileManager.default.moveItem(at: url.appending(path: "rho"), to: outside)
      try FileManager.default.createSymbolicLink(at: url.appending(path: "rho"), withDestinationURL: outside)
      #expect(throws: StoreError.self) { try TrajectoryStoreReader(url) }
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
