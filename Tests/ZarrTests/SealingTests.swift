import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("Presets and sealing")
struct SealingTests {
  static let fields = [
    TrajectoryField(name: "a", shape: [4, 4], dataType: .complex128, dimensionNames: ["site", "site_2"]),
    TrajectoryField(name: "b", shape: [4, 3], dataType: .complex64, dimensionNames: ["site", "other"]),
    TrajectoryField(name: "c", shape: [4], dataType: .float64, dimensionNames: ["site"]),
    TrajectoryField(name: "d", shape: [], dataType: .float32, dimensionNames: []),
  ]
  /// Frames of three trajectories, the middle one empty.
  static let lengths = [13, 0, 7]

  static func numbers(_ field: TrajectoryField, _ trajectory: Int, _ frame: Int) -> [Double] {
    (0..<field.numbersPerFrame).map { sin(Double(trajectory * 100 + frame) / 3 + Double($0)) }
  }

  private func write(_ url: URL, _ preset: CompressionPreset, threads: Int = 1) throws {
    let writer = try TrajectoryStoreWriter(
      creating: url,
      layout: TrajectoryStoreLayout(
        fields: Self.fields, framesPerChunk: 5, preset: preset, relativeError: 1e-4, threads: threads))
    for (trajectory, length) in Self.lengths.enumerated() {
      for frame in 0..<length {
        try writer.append(trajectory: trajectory, time: Double(frame)) { index, target in
          Self.fields[index].put(Self.numbers(Self.fields[index], trajectory, frame), into: target)
        }
      }
    }
    try writer.close()
  }

  private func contents(_ url: URL) throws -> [[UInt8]] {
    let reader = try TrajectoryStoreReader(url)
    #expect((0..<reader.trajectories).map { reader.length($0) } == Self.lengths)
    return try Self.fields.flatMap { field in
      try Self.lengths.enumerated().map { try reader.readBytes(field.name, trajectory: $0, frames: 0..<$1) }
    } + [Self.lengths.enumerated().flatMap { try ZarrDataType.float64.bytes(reader.times($0, frames: 0..<$1)!) }]
  }

  @Test(
    "Every preset is read back, whole and sealed: exact, or within the stated error",
    arguments: CompressionPreset.allCases)
  func presets(preset: CompressionPreset) async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      try write(url, preset)
      let reader = try TrajectoryStoreReader(url)
      for field in Self.fields {
        for (trajectory, length) in Self.lengths.enumerated() {
          let stored = try reader.read(field.name, trajectory: trajectory, frames: 0..<length)
          let truth = (0..<length).flatMap { Self.numbers(field, trajectory, $0) }
          let isSingle = field.dataType == .float32 || field.dataType == .complex64
          let limit = preset == .archive ? 1e-4 : isSingle ? 6e-8 : 0
          for (one, other) in zip(stored, truth) { #expect(abs(one - other) <= limit * abs(other)) }
        }
      }
      let before = try contents(url)
      let seal = try StoreSeal(sealing: url)
      // Chunks of 5 frames: 3 of the first trajectory, 2 of the last, of 4 fields and the times.
      #expect(seal.chunks == 25 && seal.shards == 5)
      #expect(try TrajectoryStoreReader(url).isSealed)
      #expect(try contents(url) == before)
      let error = #expect(throws: StoreError.self) { try TrajectoryStoreWriter(resuming: url) }
      #expect(error?.code == .unsupported)
      _ = try StoreSeal(undoing: url)
      #expect(try contents(url) == before)
      let writer = try TrajectoryStoreWriter(resuming: url)
      #expect(writer.appendedLength(0) == 13 && writer.layout.preset == preset)
      try writer.close()
    }
  }

  @Test("The number of threads does not change a byte")
  func threads() async throws {
    try await withTemporaryDirectory { folder in
      func files(_ name: String) throws -> [String: Data] {
        let url = folder.appending(path: name)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: url.path)
        return Dictionary(
          uniqueKeysWithValues: try paths.filter { $0.contains("c.") || $0.hasSuffix("json") }.map {
            ($0, try Data(contentsOf: url.appending(path: $0)))
          })
      }
      for threads in 1...3 { try write(folder.appending(path: "\(threads).zarr"), .compact, threads: threads) }
      let one = try files("1.zarr")
      #expect(one.count > 25)
      #expect(try files("2.zarr") == one && files("3.zarr") == one)
    }
  }

  @Test(
    "zarr-python, tensorstore and xarray read every preset bit for bit, in chunks and sealed",
    .enabled(if: Places.hasPython, "tools/test makes the environment"))
  func foreignReaders() async throws {
    try await withTemporaryDirectory { folder in
      for preset in CompressionPreset.allCases {
        let url = folder.appending(path: "\(preset.rawValue).zarr")
        try write(url, preset)
        try StoreSeal.init(sealing: url, to: folder.appending(path: "\(preset.rawValue)-sealed.zarr")).check()
        let reader = try TrajectoryStoreReader(url)
        for field in Self.fields {
          let bytes = try reader.readBytes(field.name, trajectory: 0, frames: 0..<Self.lengths[0])
          try Data(bytes).write(to: folder.appending(path: "\(preset.rawValue)-\(field.name).raw"))
        }
      }
      // Numbers of random bits, which no codec makes smaller.
      let writer = try TrajectoryStoreWriter(
        creating: folder.appending(path: "noise.zarr"),
        layout: TrajectoryStoreLayout(fields: [Self.fields[2]], framesPerChunk: 64, preset: .compact))
      var random = SystemSeeded(3)
      let noise = (0..<256).map { _ in random.next() }
      for frame in 0..<64 {
        try writer.append(trajectory: 0, time: 0) {
          $1.copyBytes(from: noise[4 * frame..<4 * frame + 4].flatMap { withUnsafeBytes(of: $0, Array.init) })
        }
      }
      try writer.close()
      try Data(noise.flatMap { withUnsafeBytes(of: $0, Array.init) }).write(to: folder.appending(path: "noise.raw"))
      let script = """
        import sys, numpy, zarr, tensorstore, xarray
        folder = sys.argv[1]
        noise = open(f"{folder}/noise.raw", "rb").read()
        assert zarr.open_group(f"{folder}/noise.zarr", mode="r")["c"][0].tobytes() == noise
        assert tensorstore.open({"driver": "zarr3", "kvstore": f"file://{folder}/noise.zarr/c"}).result()[0].read().result().tobytes() == noise
        for preset in ("lossless", "compact", "archive"):
            for kind in ("", "-sealed"):
                path = f"{folder}/{preset}{kind}.zarr"
                group = zarr.open_group(path, mode="r")
                data = xarray.open_zarr(path, consolidated=False)
                assert list(group["length"][:]) == [13, 0, 7]
                for name in "abcd":
                    array = group[name]
                    truth = numpy.fromfile(f"{folder}/{preset}-{name}.raw", array.dtype).reshape(array.shape[1:])
                    assert array[0].tobytes() == truth.tobytes(), (preset, kind, name)
                    opened = tensorstore.open({"driver": "zarr3", "kvstore": f"file://{path}/{name}", "fill_missing_data_reads": False}).result()
                    assert opened[0].read().result().tobytes() == truth.tobytes(), (preset, kind, name)
                    assert opened[2, :7].read().result().tobytes() == array[2, :7].tobytes()
                    assert data[name].values[0].tobytes() == truth.tobytes()
                    assert numpy.isnan(array[1]).all() and numpy.isnan(array[2, 7:]).all()
        print("agrees")
        """
      let result = try runPython(script, [folder.path])
      #expect(result.output.contains("agrees"), "\(result.output)")
    }
  }

  @Test("A store that is written to or read under a lease is not sealed, and a damaged one stays as it is")
  func refusals() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      try write(url, .lossless)
      do {
        let writer = try TrajectoryStoreWriter(resuming: url)
        #expect(#expect(throws: StoreError.self) { try StoreSeal(sealing: url) }?.code == .locked)
        try writer.close()
      }
      do {
        let lease = try StoreLease(url, trajectories: 0..<1)
        #expect(StoreLease.held(of: url).map(\.trajectories) == [0..<1])
        #expect(#expect(throws: StoreError.self) { try StoreSeal(sealing: url) }?.code == .locked)
        withExtendedLifetime(lease) {}
      }
      #expect(StoreLease.held(of: url).isEmpty)
      let file = url.appending(path: "a/c.0.1.0.0")
      let whole = try Data(contentsOf: file)
      var bytes = whole
      bytes[bytes.count / 2] ^= 4
      try bytes.write(to: file)
      #expect(#expect(throws: StoreError.self) { try StoreSeal(sealing: url) }?.code == .corrupt)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("sealing") } == [])
      try whole.write(to: file)
      let open = try TrajectoryStoreReader(url)
      _ = try StoreSeal(sealing: url)
      let error = #expect(throws: StoreError.self) { try open.read("a", trajectory: 0, frames: 0..<3) }
      #expect(error?.message.contains("open it again") == true)
      #expect(try open.refreshed().read("c", trajectory: 2, frames: 6..<7).count == 4)
    }
  }
}

extension StoreSeal {
  fileprivate func check() { #expect(chunks == 25) }
}
