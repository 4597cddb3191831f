import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("Recorded stores, ragged and foreign", .serialized)
struct RecordedStoreTests {
  /// Arrays `u [trajectory, time, 8]` and `height [trajectory, time]`, of trajectories of these lengths.
  private func write(
    _ lengths: [Int], to url: URL, value: (Int, Int, Int) -> Double = { Double(100 * $0 + 10 * $1 + $2) }
  )
    throws
  {
    let writer = try TrajectoryStoreWriter(
      creating: url,
      layout: TrajectoryStoreLayout(
        fields: [
          TrajectoryField(name: "u", shape: [8], dataType: .float64, dimensionNames: ["x"]),
          TrajectoryField(name: "height", shape: [], dataType: .float64, dimensionNames: []),
        ], framesPerChunk: 4))
    for (trajectory, length) in lengths.enumerated() {
      for frame in 0..<length {
        try writer.append(
          trajectory: trajectory, time: 0.5 * Double(frame),
          ["u": (0..<8).map { value(trajectory, frame, $0) }, "height": [value(trajectory, frame, -1)]])
      }
    }
    try writer.close()
  }

  private func replay(_ store: URL, _ more: String = "", in folder: URL) async throws -> TrajectoryStoreReader {
    let (run, _) = try await Runs.run(
      """
      name: replayed
      sources:
        store: { replay: { path: \(store.path)\(more) } }
      sinks:
        copy: { from: store, zarr: { path: copy.zarr, chunk: 3 } }
      """, in: folder)
    return try TrajectoryStoreReader(run.directory.file("copy.zarr"))
  }

  @Test("Trajectories of different lengths stream each to its own end")
  func ragged() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "ragged.zarr")
      try write([5, 12, 1, 9], to: url)
      let source = try StoredTrajectories(url)
      #expect((0..<4).map { source.length($0) } == [5, 12, 1, 9])
      #expect(source.order == StreamOrder(abreast: 4, framesPerTrajectory: 12))
      let copy = try await replay(url, in: folder.appending(path: "run"))
      #expect((0..<4).map { copy.length($0) } == [5, 12, 1, 9])
      for (trajectory, length) in [5, 12, 1, 9].enumerated() {
        #expect(
          try copy.read("u", trajectory: trajectory, frames: 0..<length)
            == source.reader.read("u", trajectory: trajectory, frames: 0..<length))
        #expect(try copy.times(trajectory, frames: 0..<length) == (0..<length).map { 0.5 * Double($0) })
      }
    }
  }

  @Test("A stream made again has the frames of a ragged replay, in its order and no others")
  func recordedStream() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "ragged.zarr")
      try write([5, 40, 1, 9], to: url)
      let source = try StoredTrajectories(url)
      var stream = RecordedStream(
        RecordedTrajectories(source, stores: []), order: try #require(source.order), startingAt: 0, of: 2)
      var found: [[Int]] = []
      while let frame = try stream.next() { found.append([frame.index, frame.trajectory]) }
      let pass = (0..<40).flatMap { index in
        [5, 40, 1, 9].enumerated().filter { index < $0.element }.map { [index, $0.offset] }
      }
      #expect(found == pass + pass)
    }
  }

  @Test("What retention has left still streams")
  func retention() async throws {
    try await withTemporaryDirectory { folder in
      let (run, _) = try await Runs.run(
        """
        name: kept
        sources:
          system: { simulate: { system: lorenz-63, trajectories: 2, frames: 20, ensembles: 4, transient: 10 } }
        sinks:
          store: { from: system, zarr: { path: s.zarr, chunk: 4, keep: last 3 trajectories } }
        """, in: folder.appending(path: "a"))
      let store = run.directory.file("s.zarr")
      let source = try StoredTrajectories(store)
      #expect((0..<8).map { source.length($0) } == [0, 0, 0, 0, 0, 20, 20, 20])
      let copy = try await replay(store, in: folder.appending(path: "b"))
      #expect((0..<8).map { copy.length($0) } == [0, 0, 0, 0, 0, 20, 20, 20])
      #expect(
        try copy.readBytes("x", trajectory: 6, frames: 0..<20)
          == source.reader.readBytes("x", trajectory: 6, frames: 0..<20))
    }
  }

  @Test("A run that its trainer has ended leaves full trajectories before the last ones", .timeLimit(.minutes(15)))
  func ended() async throws {
    try await withTemporaryDirectory { folder in
      let (run, summary) = try await Runs.run(Miniature.yaml(), in: folder.appending(path: "a"))
      let store = run.directory.file("trajectories.zarr")
      let source = try StoredTrajectories(store)
      let lengths = (0..<source.reader.trajectories).map { source.reader.length($0) }
      #expect(lengths.prefix(4) == [30, 30, 30, 30] && lengths.last! < 30, "\(lengths)")
      let copy = try await replay(store, in: folder.appending(path: "b"))
      #expect((0..<copy.trajectories).map { copy.length($0) } == lengths)
      #expect(source.order?.framesPerTrajectory == 30)
      #expect(summary.description.contains("run[\"Q\"][0, :frames].plot()"))
    }
  }

  /// What another program leaves: arrays alone.
  private func foreign(_ url: URL) throws {
    try write([6, 6, 6], to: url)
    for name in ["length", "time"] { try FileManager.default.removeItem(at: url.appending(path: name)) }
    try Data(#"{"zarr_format": 3, "node_type": "group", "attributes": {}}"#.utf8).write(
      to: url.appending(path: "zarr.json"))
  }

  @Test("Times that all trajectories have in common are the time axis; irregular ones are refused")
  func commonTimes() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "foreign.zarr")
      try foreign(url)
      func write(_ times: [Double]) throws {
        let array = url.appending(path: "time")
        try FileManager.default.createDirectory(at: array.appending(path: "c"), withIntermediateDirectories: true)
        try Data(
          #"{"zarr_format": 3, "node_type": "array", "shape": [\#(times.count)], "data_type": "float64", "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [\#(times.count)]}}, "chunk_key_encoding": {"name": "default"}, "fill_value": 0, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "attributes": {}}"#
            .utf8
        ).write(to: array.appending(path: "zarr.json"))
        try times.withUnsafeBytes { Data($0) }.write(to: array.appending(path: "c/0"))
      }
      try write([2, 2.25, 2.5, 2.75, 3, 3.25])
      let source = try StoredTrajectories(url)
      #expect(source.interval == 0.25)
      #expect(try source.frames(of: 2, 3..<5).map(\.time) == [2.75, 3])
      for (times, word) in [
        ([2, 2.25, 2.5, 2.75, 3, 9], "average"), ([2, 2.25, 2.5, 2.5, 2.75, 3], "average"),
        ([2, 2.25, 2.5], "has 3 times"),
      ] {
        try write(times)
        #expect {
          try StoredTrajectories(url)
        } throws: {
          "\($0)".contains(word)
        }
      }
    }
  }

  @Test("A store of any arrays is a recorded system, whose components are its observables")
  func arrays() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "foreign.zarr")
      try foreign(url)
      let source = try StoredTrajectories(url)
      #expect(source.system is RecordedSystem)
      #expect(source.layout.summary == "height, u [8]" && source.layout.domain == .none)
      #expect(source.system.observables.map(\.name) == ["height"] + (0..<8).map { "u[\($0)]" })
      #expect(source.interval == 1 && source.length(2) == 6 && source.system.invariants.isEmpty)
      let frame = try source.frames(of: 1, 3..<4)[0]
      #expect(source.system.observable("u[2]")?.value(frame.state) == 132)
      #expect(source.system.observable("height")?.value(frame.state) == 129)
      #expect(frame.time == 3)
      // On a ring, if it is said; the copy then knows it.
      let copy = try await replay(url, ", domain: ring", in: folder.appending(path: "run"))
      let ring = try StoredTrajectories(copy.url)
      #expect(ring.layout.domain == .ring(8) && ring.layout.fields.map(\.name) == ["height", "u"])
      let error = await #expect(throws: StoreError.self) {
        try await replay(url, ", domain: square", in: folder.appending(path: "square"))
      }
      #expect(error?.description.contains("a square needs an array with 2 axes") == true)
    }
  }

  @Test(
    "A store that zarr-python wrote is read in the same way",
    .enabled(if: Places.hasPython, "tools/test makes the environment"))
  func zarrPython() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "python.zarr")
      let made = try runPython(
        """
        import sys, numpy, zarr
        group = zarr.open_group(sys.argv[1], mode="w")
        group.create_array("u", data=numpy.arange(3 * 6 * 8, dtype="f4").reshape(3, 6, 8))
        group.create_array("height", data=numpy.arange(18, dtype="f8").reshape(3, 6))
        """, [url.path])
      #expect(made.status == 0, "\(made.output)")
      let source = try StoredTrajectories(url)
      #expect(source.system is RecordedSystem && source.layout.summary == "height, u [8]")
      #expect(try source.frames(of: 2, 5..<6)[0].state.values == [17] + (136..<144).map(Double.init))
      let copy = try await replay(url, ", domain: ring", in: folder.appending(path: "run"))
      #expect(try copy.read("u", trajectory: 0, frames: 0..<6) == (0..<48).map(Double.init))
    }
  }

  @Test("Frames that hold no numbers are kept back by a replay, and the rest streams")
  func holes() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "holes.zarr")
      try write([6, 6], to: url) { trajectory, frame, place in
        trajectory == 1 && frame == 4 && place == 3 ? .nan : Double(frame)
      }
      let copy = try await replay(url, in: folder.appending(path: "run"))
      #expect(copy.length(0) == 6 && copy.length(1) == 4)
      let refused = try Runs.lines(folder.appending(path: "run/refused-store.jsonl"))
      #expect(refused.count == 1 && refused[0].contains("a value is not finite"))
      let source = try StoredTrajectories(url)
      var stream = RecordedStream(
        RecordedTrajectories(source, stores: []), order: try #require(source.order), startingAt: 0, of: 1)
      var count = 0
      while try stream.next() != nil { count += 1 }
      #expect(count == 11)
    }
  }

  @Test("A column whose name begins like that of a state half an interval before is a field of its own")
  func prefixed() async throws {
    try await withTemporaryDirectory { folder in
      let log = folder.appending(path: "log.csv")
      let rows = (0..<20).map { "\(0.1 * Double($0)),\($0),\(2 * $0),\(3 * $0)" }
      try Data((["time,x,mid_x,tendency_x"] + rows + [""]).joined(separator: "\n").utf8).write(to: log)
      let (run, _) = try await Runs.run(
        """
        name: logged
        sources:
          log: { tail: { path: \(log.path), follow: false } }
        stages:
          states: { from: log, states: { columns: "x, mid_x, tendency_x", standardise: 0 } }
        sinks:
          store: { from: states, zarr: { path: s.zarr, chunk: 4 } }
        """, in: folder.appending(path: "run"))
      let source = try StoredTrajectories(run.directory.file("s.zarr"))
      #expect(source.layout.fields.map(\.name) == ["x", "mid_x", "tendency_x"])
      #expect(!source.hasMids && !source.hasTendencies)
      #expect(try source.frames(of: 0, 7..<8)[0].state.values == [7, 14, 21])
    }
  }
}
