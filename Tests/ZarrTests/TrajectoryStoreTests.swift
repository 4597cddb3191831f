import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("A trajectory store")
struct TrajectoryStoreTests {
  static let layout = TrajectoryStoreLayout(
    fields: [
      TrajectoryField(name: "rho", shape: [4, 4], dataType: .complex128, dimensionNames: ["site", "site_2"]),
      TrajectoryField(name: "Q", shape: [4], dataType: .float32, dimensionNames: ["site"]),
    ], framesPerChunk: 5, attributes: ["g": .number(0.8), "name": .string("test")])

  static func frame(_ trajectory: Int, _ index: Int) -> [String: [Double]] {
    let base = Double(trajectory) * 1000 + Double(index)
    return ["rho": (0..<32).map { base + Double($0) / 64 }, "Q": (0..<4).map { base + Double($0) / 8 }]
  }

  private func fill(_ writer: TrajectoryStoreWriter, trajectory: Int, _ frames: Range<Int>) throws {
    for index in frames {
      try writer.append(trajectory: trajectory, time: Double(index) * 0.5, Self.frame(trajectory, index))
    }
  }

  private func check(_ reader: TrajectoryStoreReader, trajectory: Int, _ frames: Range<Int>) throws {
    for index in frames {
      #expect(
        try reader.read("rho", trajectory: trajectory, frames: index..<(index + 1))
          == Self.frame(trajectory, index)["rho"])
      #expect(
        try reader.read("Q", trajectory: trajectory, frames: index..<(index + 1)) == Self.frame(trajectory, index)["Q"])
    }
    #expect(try reader.times(trajectory, frames: frames) == frames.map { Double($0) * 0.5 })
  }

  @Test("Frames are found by their times, at both ends and between frames")
  func slicesByTime() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: Self.layout)
      try fill(writer, trajectory: 0, 0..<13)
      try writer.close()
      let reader = try TrajectoryStoreReader(url)
      for (times, frames) in [
        (0.0...6.0, 0..<13), (-5.0...100.0, 0..<13), (1.0...2.0, 2..<5), (1.1...1.9, 3..<4), (1.1...1.2, 3..<3),
        (7.0...9.0, 13..<13), (-2.0...(-1.0), 0..<0),
      ] {
        #expect(try reader.frames(0, times: times) == frames, "\(times)")
      }
    }
  }

  @Test("What was written is read back, also windows across chunks and trajectories of different lengths")
  func roundTrip() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: Self.layout)
      try fill(writer, trajectory: 0, 0..<12)
      try fill(writer, trajectory: 2, 0..<3)
      try writer.settle()
      #expect(writer.storedLength(0) == 10)
      #expect(writer.appendedLength(0) == 12)
      try writer.close()
      let reader = try TrajectoryStoreReader(url)
      #expect((0..<reader.trajectories).map { reader.length($0) } == [12, 0, 3])
      #expect(reader.attributes["g"]?.number == 0.8)
      try check(reader, trajectory: 0, 0..<12)
      try check(reader, trajectory: 2, 0..<3)
      #expect(try reader.read("Q", trajectory: 0, frames: 3..<11) == (3..<11).flatMap { Self.frame(0, $0)["Q"]! })
    }
  }

  @Test("A store is appended to while it is read, and resumed in the middle of a chunk")
  func resume() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      do {
        let writer = try TrajectoryStoreWriter(creating: url, layout: Self.layout)
        try fill(writer, trajectory: 0, 0..<7)
        try writer.flush()
      }
      let early = try TrajectoryStoreReader(url)
      let writer = try TrajectoryStoreWriter(resuming: url)
      #expect(writer.appendedLength(0) == 7)
      try fill(writer, trajectory: 0, 7..<13)
      try fill(writer, trajectory: 1, 0..<6)
      try writer.close()
      #expect(early.length(0) == 7)
      let late = try early.refreshed()
      #expect(late.length(0) == 13 && late.length(1) == 6)
      try check(late, trajectory: 0, 0..<13)
      try check(late, trajectory: 1, 0..<6)
    }
  }

  @Test("A second writer is refused with the name of the first, and may write when the first is gone")
  func lock() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      do {
        let writer = try TrajectoryStoreWriter(creating: url, layout: Self.layout)
        try fill(writer, trajectory: 0, 0..<5)
        let error = #expect(throws: StoreError.self) { try TrajectoryStoreWriter(resuming: url) }
        #expect(
          error?.code == .locked
            && error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
      }
      #expect(try TrajectoryStoreWriter(resuming: url).storedLength(0) == 5)
    }
  }

  @Test(
    "One writer and three readers: every frame that a reader is promised is there and right", .timeLimit(.minutes(30)))
  func concurrency() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: Self.layout)
      try fill(writer, trajectory: 0, 0..<5)
      let total = ProcessInfo.processInfo.environment["HOLSTREAM_LONG_TESTS"] == nil ? 2000 : 100_000
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<3 {
          group.addTask {
            var checked = 0
            var reader = try TrajectoryStoreReader(url)
            while checked < total {
              for index in checked..<reader.length(0) {
                #expect(try reader.read("Q", trajectory: 0, frames: index..<(index + 1)) == Self.frame(0, index)["Q"])
                #expect(
                  try reader.read("rho", trajectory: 0, frames: index..<(index + 1)) == Self.frame(0, index)["rho"])
              }
              checked = reader.length(0)
              reader = try reader.refreshed()
            }
            return checked
          }
        }
        try fill(writer, trajectory: 0, 5..<total)
        try writer.close()
        for try await checked in group { #expect(checked == total) }
      }
    }
  }

  @Test(
    "zarr-python, tensorstore and xarray read the store, strictly",
    .enabled(if: Places.hasPython, "tools/test makes the environment"))
  func foreignReaders() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: Self.layout)
      try fill(writer, trajectory: 0, 0..<7)
      try fill(writer, trajectory: 1, 0..<7)
      try writer.close()
      let script = """
        import sys, numpy, zarr, tensorstore, xarray
        path = sys.argv[1]
        def rho(k, t): return k * 1000 + t + numpy.arange(32).reshape(16, 2) / 64
        expected = numpy.stack([[rho(k, t) for t in range(7)] for k in range(2)])
        expected = (expected[..., 0] + 1j * expected[..., 1]).reshape(2, 7, 4, 4)
        group = zarr.open_group(path, mode="r")
        assert group["rho"].dtype == "complex128" and group["Q"].dtype == "float32"
        assert (group["rho"][:] == expected).all()
        assert list(group["length"][:]) == [7, 7], group["length"][:]
        opened = tensorstore.open({"driver": "zarr3", "kvstore": f"file://{path}/rho", "fill_missing_data_reads": False}).result()
        assert (opened.read().result() == expected).all()
        data = xarray.open_zarr(path, consolidated=False)
        assert data.rho.dims == ("trajectory", "time", "site", "site_2"), data.rho.dims
        assert (data.rho.values == expected).all() and data.attrs["g"] == 0.8
        assert data.Q.values[1, 6, 3] == 1000 + 6 + 3 / 8
        print("agrees")
        """
      let result = try runPython(script, [url.path])
      #expect(result.output.contains("agrees"), "\(result.output)")
    }
  }

  @Test(
    "Stores of zarr-python and tensorstore are read, plain and compressed, whole and in odd chunks",
    .enabled(if: Places.hasPython, "tools/test makes the environment"))
  func foreignWriters() async throws {
    try await withTemporaryDirectory { folder in
      let script = """
        import sys, numpy, zarr, tensorstore
        folder = sys.argv[1]
        rho = (numpy.arange(2 * 9 * 16) + 1j * numpy.arange(288)[::-1]).reshape(2, 9, 4, 4)
        q = numpy.arange(72).reshape(2, 9, 4) / 3
        for name, options in {
            "default": {}, "plain": {"compressors": None}, "zstd": {"compressors": zarr.codecs.ZstdCodec(level=9, checksum=True)},
            "crc": {"compressors": [zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()]}, "dots": {"chunk_key_encoding": {"name": "default", "separator": "."}},
        }.items():
            group = zarr.open_group(f"{folder}/{name}.zarr", mode="w")
            for field, data, chunks in (("rho", rho, (2, 4, 4, 3)), ("Q", q.astype("float32"), (1, 5, 4)), ("P", q, (2, 9, 4))):
                group.create_array(field, shape=data.shape, dtype=data.dtype, chunks=chunks, **options)[:] = data
        zarr.open_group(f"{folder}/tensorstore.zarr", mode="w")
        for field, data in (("rho", rho.astype("complex64")), ("Q", q), ("P", q)):
            tensorstore.open({"driver": "zarr3", "kvstore": f"file://{folder}/tensorstore.zarr/{field}", "metadata": {
                "codecs": [{"name": "zstd", "configuration": {"level": 3}}], "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 2] + list(data.shape[2:])}}}},
                create=True, dtype=str(data.dtype), shape=data.shape).result().write(data).result()
        """
      let made = try runPython(script, [folder.path])
      #expect(made.status == 0, "\(made.output)")
      for name in ["default", "plain", "zstd", "crc", "dots", "tensorstore"] {
        let reader = try TrajectoryStoreReader(folder.appending(path: "\(name).zarr"))
        #expect(reader.trajectories == 2 && reader.length(1) == 9)
        let expected = (144..<288).flatMap { [Double($0), Double(287 - $0)] }
        #expect(try reader.read("rho", trajectory: 1, frames: 0..<9) == expected, "\(name)")
        #expect(try reader.read("rho", trajectory: 1, frames: 3..<6) == Array(expected[96..<192]), "\(name)")
        let q = try reader.read("Q", trajectory: 0, frames: 4..<7)
        for (k, value) in q.enumerated() { #expect(abs(value - Double(16 + k) / 3) < 1e-6) }
      }
    }
  }

  @Test(
    "A name that leads out of the store, or stands for a part of it, is refused and nothing is written",
    arguments: [
      "../../victim.zarr/Q", "..", ".", "", "a/b", "a\\b", "length", "time", "zarr.json", ".hidden", "__x", "a\u{0}b",
      String(repeating: "x", count: 201),
    ])
  func names(name: String) async throws {
    try await withTemporaryDirectory { folder in
      let field = TrajectoryField(name: name, shape: [], dataType: .float64, dimensionNames: [])
      #expect(throws: StoreError.self) {
        try TrajectoryStoreWriter(
          creating: folder.appending(path: "s.zarr"), layout: TrajectoryStoreLayout(fields: [field]))
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.isEmpty)
    }
  }

  @Test("Units and names of an array are kept beside it and come back")
  func attributes() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let field = TrajectoryField(
        name: "Größe des Domäne, nm", shape: [], dataType: .float64, dimensionNames: [],
        attributes: ["units": .string("nm")])
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreLayout(fields: [field]))
      try writer.append(trajectory: 0, time: 0, [field.name: [1]])
      try writer.close()
      #expect(try TrajectoryStoreReader(url).fields == [field])
    }
  }
}
