import Foundation
import Learning
import TestSupport
import Testing

@testable import Pipelines
@testable import Zarr

@Suite("A run's folder")
struct RunFolderTests {
  private static let logged = """
    name: logged
    sources:
      s: { simulate: { system: lorenz-63, trajectories: 2, frames: 20, ensembles: 2 } }
    sinks:
      log: { from: s, jsonl: frames.jsonl }
    """
  private static let stored = """
    name: stored
    seed: 4
    sources:
      lattice: { holstein: { preset: shallow, sites: 8, trajectories: 2, frames: 40, every: 4, ensembles: 2 } }
    sinks:
      store: { from: lattice, zarr: { path: s.zarr, chunk: 8 } }
    """

  @Test("Two runs cannot write into one folder, also without a store: the second says who is there")
  func locked() async throws {
    try await withTemporaryDirectory { folder in
      let first = try PipelineRun(PipelineDescription(text: Self.logged), directory: folder, resuming: false)
      let error = #expect(throws: RunError.self) {
        try PipelineRun(PipelineDescription(text: Self.logged), directory: folder, resuming: true)
      }
      #expect(error?.code == .unwritable && error?.message.contains("process \(getpid()) on ") == true)
      _ = try await first.execute(status: TerminalStatus(isTerminal: false))
      #expect(try Runs.lines(folder.appending(path: "frames.jsonl")).count == 80)
      // The lock has ended with the run, though its object still lives.
      let second = try PipelineRun(PipelineDescription(text: Self.logged), directory: folder, resuming: true)
      withExtendedLifetime((first, second)) {}
    }
  }

  @Test(
    "A store whose metadata a loss of power took is made again from the run's pipeline file", arguments: [true, false])
  func rebuilt(resuming: Bool) async throws {
    try await withTemporaryDirectory { folder in
      try await Runs.run(Self.stored, in: folder)
      let url = folder.appending(path: "s.zarr")
      let truth = try TrajectoryStoreReader(url)
      let rho = try truth.read("rho", trajectory: 3, frames: 0..<40)
      StoreLayoutNote.forget(url)
      for name in ["zarr.json", "Q/zarr.json", "length/c.0"] { try Data().write(to: url.appending(path: name)) }
      #expect(throws: (any Error).self) { try TrajectoryStoreReader(url) }
      if resuming {
        let (run, _) = try await Runs.run(Self.stored, in: folder, resuming: true)
        #expect(Runs.messages(run).contains { $0.contains("made again") && $0.contains("lengths") })
      } else {
        let plan = try InspectJob(url: url, verify: false, repair: true, apply: false).run()
        #expect(plan.contains("zarr.json") && plan.contains("Nothing was changed"))
        #expect(try Data(contentsOf: url.appending(path: "zarr.json")).isEmpty)
        _ = try InspectJob(url: url, verify: false, repair: true, apply: true).run()
      }
      let reader = try TrajectoryStoreReader(url)
      #expect((0..<4).map { reader.length($0) } == [40, 40, 40, 40])
      #expect(try reader.read("rho", trajectory: 3, frames: 0..<40) == rho)
      #expect(reader.attributes == truth.attributes)
    }
  }

  @Test("A run that goes on after a loss of power says how many frames it took, and makes them again")
  func lostFrames() async throws {
    try await withTemporaryDirectory { folder in
      try await Runs.run(Self.stored, in: folder)
      let url = folder.appending(path: "s.zarr")
      let rho = try TrajectoryStoreReader(url).read("rho", trajectory: 3, frames: 0..<40)
      try StoreLayoutNote.note(synchronised: [40, 40, 40, 16], of: url)
      try Data().write(to: url.appending(path: "rho/c.3.3.0.0"))
      let (run, _) = try await Runs.run(Self.stored, in: folder, resuming: true)
      #expect(Runs.messages(run).contains { $0.contains("16 frames of trajectory 3, of which 24 are left") })
      #expect(try StoreInspection(url, verify: true).damage == [])
      #expect(try TrajectoryStoreReader(url).read("rho", trajectory: 3, frames: 0..<40) == rho)
    }
  }

  @Test("Where checkpoints belong and there is no folder any more, that is said and none is made")
  func checkpoints() async throws {
    try await withTemporaryDirectory { folder in
      let file = CheckpointFolder(folder.appending(path: "checkpoints")).file(step: 5).url
      let error = #expect(throws: LearningError.self) { try Safetensors(tensors: [:], metadata: [:]).write(to: file) }
      #expect(error?.code == .unwritable && error?.message.contains("checkpoints/step-00000005") == true)
      #expect(error?.message.contains("removed or renamed") == true)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "checkpoints").path))
    }
  }

  @Test(
    "On a full disk a run waits, says what waits for what, hears SIGTERM at once, and ends with 73 and a store that is whole",
    .enabled(if: SmallDisk.isAvailable, "mounting needs root"), .timeLimit(.minutes(15)))
  func fullDisk() async throws {
    try await withTemporaryDirectory { folder in
      let disk = try SmallDisk(folder.appending(path: "disk"), bytes: 3 << 20)
      let file = folder.appending(path: "p.yaml")
      try """
      name: full
      sources:
        lattice: { holstein: { preset: shallow, sites: 8, trajectories: 4, frames: 400, every: 4 } }
      sinks:
        store: { from: lattice, zarr: { path: s.zarr, chunk: 8 } }
        log: { from: lattice, jsonl: frames.jsonl }
      """.write(to: file, atomically: true, encoding: .utf8)
      let log = folder.appending(path: "log")
      let process = try BuiltProgram().start(
        ["run", file.path, "--no-page", "--directory", disk.folder.appending(path: "run").path], in: folder, log: log)
      func words() -> String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
      await wait(for: folder, orEndOf: process) { words().contains("It waits, and goes on when there is space") }
      #expect(process.isRunning)
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 73, "\(words())")
      #expect(words().contains("No space left on device") && words().contains("could not be written"))
      let store = disk.folder.appending(path: "run/s.zarr")
      let inspection = try StoreInspection(store, verify: true)
      #expect(inspection.damage == [] && inspection.reader.length(0) > 0)
    }
  }
}
