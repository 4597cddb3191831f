import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Zarr

@Suite("A store over a long time")
struct LongRunningTests {
  private func append(_ writer: TrajectoryStoreWriter, _ trajectory: Int, _ frames: Range<Int>) throws {
    for index in frames {
      try writer.append(trajectory: trajectory, time: Double(index), TrajectoryStoreTests.frame(trajectory, index))
    }
  }

  @Test("When the disk is full the frame is refused, nothing is lost, and writing goes on when there is space")
  func diskFull() async throws {
    try await withTemporaryDirectory { folder in
      let isFull = Mutex(false)
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout) {
        path throws(StoreError) in
        if isFull.withLock({ $0 }) { throw StoreError(.noSpace, path, "cannot be written: no space") }
      }
      try append(writer, 0, 0..<7)
      try writer.settle()
      isFull.withLock { $0 = true }
      var next = 7
      var refused = 0
      for _ in 0..<40 {
        do {
          try append(writer, 0, next..<next + 1)
          next += 1
        } catch let error as StoreError {
          #expect(error.code == .noSpace)
          refused += 1
        }
      }
      // The chunk in progress and those that were under way are taken, no more.
      #expect(refused > 0 && next < 40 && writer.storedLength(0) == 5)
      #expect(throws: StoreError.self) { try writer.flush() }
      #expect(try TrajectoryStoreReader(url).length(0) == 5)
      isFull.withLock { $0 = false }
      try append(writer, 0, next..<60)
      try writer.close()
      let reader = try TrajectoryStoreReader(url)
      #expect(reader.length(0) == 60)
      for index in 0..<60 {
        #expect(
          try reader.read("Q", trajectory: 0, frames: index..<index + 1) == TrajectoryStoreTests.frame(0, index)["Q"])
      }
      #expect(try StoreInspection(url, verify: true).leftovers == [])
    }
  }

  /// Whether this process may mount a file system of its own: tried, because containers often may not, even as root.
  private static let mayMount: Bool = {
    let place = FileManager.default.temporaryDirectory.appending(path: "holstream-mount-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    guard getuid() == 0, Files.exists("/bin/mount"),
      (try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)) != nil,
      (try? run(URL(filePath: "/bin/mount"), ["-t", "tmpfs", "-o", "size=1m", "none", place.path]))?.status == 0
    else { return false }
    _ = try? run(URL(filePath: "/bin/umount"), [place.path])
    return true
  }()

  @Test("A real full disk: a file system of one megabyte", .enabled(if: Self.mayMount, "mounting needs rights"))
  func smallDisk() async throws {
    try await withTemporaryDirectory { folder in
      let disk = folder.appending(path: "disk")
      try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
      try #require(
        try run(URL(filePath: "/bin/mount"), ["-t", "tmpfs", "-o", "size=1m", "none", disk.path]).status == 0)
      defer { _ = try? run(URL(filePath: "/bin/umount"), [disk.path]) }
      let filler = disk.appending(path: "filler")
      try Data(repeating: 1, count: 700_000).write(to: filler)
      let url = disk.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(
        creating: url,
        layout: TrajectoryStoreLayout(
          fields: [TrajectoryField(name: "x", shape: [1000], dataType: .float64, dimensionNames: ["site"])],
          framesPerChunk: 8))
      var random = SystemSeeded(4)
      let frames = (0..<80).map { _ in (0..<1000).map { _ in Double.random(in: 0..<1, using: &random) } }
      var refused = false
      var next = 0
      while next < 80 {
        do {
          try writer.append(trajectory: 0, time: 0, ["x": frames[next]])
          next += 1
        } catch let error as StoreError {
          #expect(error.code == .noSpace && !refused)
          refused = true
          let stored = try TrajectoryStoreReader(url)
          // Readers are told some times a second: perhaps of nothing yet.
          let length = stored.length(0)
          #expect(length < 64)
          if length > 0 {
            #expect(try stored.read("x", trajectory: 0, frames: 0..<length) == Array(frames[..<length].joined()))
          }
          try FileManager.default.removeItem(at: filler)
        }
      }
      try writer.close()
      #expect(refused)
      #expect(try TrajectoryStoreReader(url).read("x", trajectory: 0, frames: 0..<80) == Array(frames.joined()))
    }
  }

  @Test("A trajectory that is complete is stored without a flush, and goes on nevertheless, also in another program")
  func completeTrajectory() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      var writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      try append(writer, 0, 0..<7)
      try append(writer, 1, 0..<7)
      try writer.complete(trajectory: 0)
      try writer.complete(trajectory: 0)
      try writer.settle()
      #expect([0, 1].map { writer.storedLength($0) } == [7, 5])
      try append(writer, 0, 7..<9)
      try writer.flush()
      try writer.complete(trajectory: 0)
      try writer.close()
      writer = try TrajectoryStoreWriter(resuming: url)
      #expect([0, 1].map { writer.appendedLength($0) } == [9, 7])
      for trajectory in [0, 1] { try append(writer, trajectory, writer.appendedLength(trajectory)..<13) }
      try writer.close()
      let reader = try TrajectoryStoreReader(url)
      for trajectory in [0, 1] {
        let frames = (0..<13).flatMap { TrajectoryStoreTests.frame(trajectory, $0)["Q"]! }
        #expect(try reader.read("Q", trajectory: trajectory, frames: 0..<13) == frames)
      }
      #expect(try StoreInspection(url, verify: true).damage == [])
    }
  }

  @Test("Retention deletes the oldest finished trajectories, never what a lease holds, and readers are told first")
  func retention() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      for trajectory in 0..<8 { try append(writer, trajectory, 0..<10) }
      do {
        let lease = try StoreLease(url, trajectories: 2..<4)
        #expect(try writer.retain(.trajectories(3), finished: 8) == 2)
        withExtendedLifetime(lease) {}
      }
      #expect(writer.retired == 2)
      #expect(try writer.retain(.trajectories(3), finished: 4) == 2)
      #expect(try writer.retain(.trajectories(3), finished: 8) == 1)
      #expect(try writer.retain(.trajectories(3), finished: 8) == 0)
      #expect(try writer.retain(.age(.seconds(3600)), finished: 8) == 0)
      #expect(try writer.retain(.age(.seconds(3600)), finished: 6, now: Date().addingTimeInterval(7200)) == 1)
      let size = try FileManager.default.contentsOfDirectory(atPath: url.appending(path: "rho").path)
        .filter { $0.hasPrefix("c.") }
      #expect(size.map { $0.split(separator: ".")[1] }.sorted() == ["6", "6", "7", "7"])
      #expect(try writer.retain(.bytes(1 << 30), finished: 8) == 0)
      #expect(try writer.retain(.bytes(100), finished: 7) == 1)
      try append(writer, 7, 10..<13)
      try writer.close()
      let reader = try TrajectoryStoreReader(url)
      #expect(reader.retired == 7)
      #expect((0..<8).map { reader.length($0) } == [0, 0, 0, 0, 0, 0, 0, 13])
      #expect(try TrajectoryStoreWriter(resuming: url).retired == 7)
      #expect(try StoreInspection(url, verify: true).damage == [])
    }
  }

  @Test("A follower sees every frame once, as it is stored, and ends with the writer")
  func follower() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      try append(writer, 0, 0..<7)
      try writer.flush()
      var follower = StoreFollower(try TrajectoryStoreReader(url))
      #expect(follower.isWritten)
      #expect(try follower.look() == [.init(trajectory: 0, frames: 0..<7)])
      #expect(try follower.look() == [])
      // The chunk that the follower has decoded is replaced by a fuller one.
      #expect(try follower.reader.read("Q", trajectory: 0, frames: 6..<7) == TrajectoryStoreTests.frame(0, 6)["Q"])
      try append(writer, 0, 7..<9)
      try append(writer, 1, 0..<2)
      try writer.flush()
      #expect(try follower.look() == [.init(trajectory: 0, frames: 7..<9), .init(trajectory: 1, frames: 0..<2)])
      #expect(try follower.reader.read("Q", trajectory: 0, frames: 8..<9) == TrajectoryStoreTests.frame(0, 8)["Q"])
      let clock = ManualClock()
      var waiting = follower
      async let seen = waiting.next(clock: clock)
      await clock.sleeps(reach: 1)
      try append(writer, 1, 2..<3)
      try writer.close()
      clock.advance(by: .seconds(1))
      #expect(try await seen == [.init(trajectory: 1, frames: 2..<3)])
      _ = try follower.look()
      #expect(!follower.isWritten)
      #expect(try await follower.next(clock: clock) == nil)
    }
  }

  @Test("Windows of a batch are read by all cores, and reading ahead changes nothing")
  func windows() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      for trajectory in 0..<4 { try append(writer, trajectory, 0..<40) }
      try writer.close()
      let reader = try TrajectoryStoreReader(url, cacheLimit: 4096)
      let windows = (0..<30).map { TrajectoryStoreReader.Window(trajectory: $0 % 4, frames: $0..<$0 + 6) }
      var numbers = [Float](repeating: .nan, count: 30 * 6 * 4)
      try numbers.withUnsafeMutableBufferPointer { target throws(StoreError) in
        reader.prefetch("Q", trajectory: 0, frames: 10..<400)
        try reader.read("Q", windows: windows, into: target)
      }
      for (number, window) in windows.enumerated() {
        let truth = window.frames.flatMap { TrajectoryStoreTests.frame(window.trajectory, $0)["Q"]! }
        #expect(Array(numbers[number * 24..<(number + 1) * 24]) == truth.map(Float.init))
      }
      let all = try reader.read("rho", trajectory: 3, frames: 0..<40)
      #expect(all == (0..<40).flatMap { TrajectoryStoreTests.frame(3, $0)["rho"]! })
    }
  }
}
