import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("A writer that is killed")
struct CrashTests {
  /// 200 kills with HOLSTREAM_LONG_TESTS=1.
  private static let kills = ProcessInfo.processInfo.environment["HOLSTREAM_LONG_TESTS"] == nil ? 4 : 200
  private static let frames = 2000

  private func simulation(_ name: String) -> [String] {
    [
      "simulate", "--preset", "shallow", "--sites", "8", "--trajectories", "3", "--seed", "5",
      "--steps", "\(Self.frames - 1)", "--every", "1", "--out", name,
    ]
  }

  @Test(
    "SIGKILL at any instant: what was reported stored is there bit for bit, zarr-python opens the store without repair, and writing goes on",
    .timeLimit(.minutes(30)))
  func killed() async throws {
    try await withTemporaryDirectory { folder in
      let program = try BuiltProgram()
      let whole = try program.start(simulation("whole.zarr"), in: folder, log: folder.appending(path: "log"))
      whole.waitUntilExit()
      let truth = try TrajectoryStoreReader(folder.appending(path: "whole.zarr"))
      try #require(truth.trajectories == 3 && truth.length(0) == Self.frames)
      for field in truth.fields {
        let bytes = try (0..<3).flatMap { try truth.readBytes(field.name, trajectory: $0, frames: 0..<Self.frames) }
        try Data(bytes).write(to: folder.appending(path: "\(field.name).raw"))
      }
      var random = SystemSeeded(11)
      var least = Self.frames
      var most = 0
      for number in 0..<Self.kills {
        let name = "\(number).zarr"
        let url = folder.appending(path: name)
        let process = try program.start(simulation(name), in: folder, log: folder.appending(path: "log"))
        // The instant is a number of frames that have been reported, and a random while after.
        let target = Int.random(in: 0..<Self.frames, using: &random)
        var reported = [0, 0, 0]
        while process.isRunning {
          if let reader = try? TrajectoryStoreReader(url) {
            reported = (0..<3).map { $0 < reader.trajectories ? reader.length($0) : 0 }
          }
          if reported[0] >= target { break }
        }
        for _ in 0..<Int.random(in: 0..<200_000, using: &random) where !process.isRunning { break }
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        guard Files.exists(url.path) else { continue }
        let reader = try TrajectoryStoreReader(url)
        for trajectory in 0..<reader.trajectories {
          let length = reader.length(trajectory)
          #expect(length >= reported[trajectory], "kill \(number)")
          for field in reader.fields {
            let stored = try reader.readBytes(field.name, trajectory: trajectory, frames: 0..<length)
            let right = try truth.readBytes(field.name, trajectory: trajectory, frames: 0..<length)
            if stored != right { Issue.record("kill \(number): \(field.name) of trajectory \(trajectory) differs") }
          }
          least = min(least, length)
          most = max(most, length)
        }
        if number % 2 == 1 { try goOn(url, truth) }
      }
      print("killed \(Self.kills) times with \(least) to \(most) frames stored")
      let script = """
        import sys, os, numpy, zarr
        folder, kills, frames = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        opened = 0
        for number in range(kills):
            path = f"{folder}/{number}.zarr"
            if not os.path.exists(path): continue
            group = zarr.open_group(path, mode="r")
            length = group["length"][:]
            for name in ("rho", "Q", "P"):
                array = group[name]
                truth = numpy.fromfile(f"{folder}/{name}.raw", array.dtype).reshape((3, frames) + array.shape[2:])
                for k, n in enumerate(length):
                    assert array[k, :n].tobytes() == truth[k, :n].tobytes(), (number, name, k, n)
            opened += 1
        print("opened", opened)
        """
      // The kills and what Swift reads are tested without Python too.
      guard Places.hasPython else { return }
      let result = try runPython(script, [folder.path, "\(Self.kills)", "\(Self.frames)"])
      #expect(result.status == 0 && result.output.contains("opened"), "\(result.output)")
    }
  }

  /// Writes the missing frames, as a program that is started again would.
  private func goOn(_ url: URL, _ truth: TrajectoryStoreReader) throws {
    let writer = try TrajectoryStoreWriter(resuming: url)
    for trajectory in 0..<3 {
      for frame in writer.appendedLength(trajectory)..<Self.frames {
        let time = try truth.times(trajectory, frames: frame..<frame + 1)![0]
        let bytes = try writer.layout.fields.map {
          try truth.readBytes($0.name, trajectory: trajectory, frames: frame..<frame + 1)
        }
        try writer.append(trajectory: trajectory, time: time) { $1.copyBytes(from: bytes[$0]) }
      }
    }
    try writer.close()
    let inspection = try StoreInspection(url, verify: true)
    #expect(inspection.damage == [] && inspection.leftovers == [])
    #expect((0..<3).allSatisfy { inspection.reader.length($0) == Self.frames })
  }
}
