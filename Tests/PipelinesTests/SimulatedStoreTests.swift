import Foundation
import Streams
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("Any system from the simulator to a store and back", .serialized)
struct SimulatedStoreTests {
  static let systems: [String] = [
    "{ system: lorenz-96, sites: 8, trajectories: 2, frames: 24, every: 100, transient: 50 }",
    "{ system: kuramoto-sivashinsky, points: 32, trajectories: 2, frames: 24, every: 4, transient: 20 }",
    "{ system: lorenz-63, trajectories: 2, frames: 24, every: 100, transient: 50 }",
    "{ system: holstein-square, sites: 4, trajectories: 2, frames: 24, every: 5 }",
  ]

  private func yaml(_ source: String) -> String {
    """
    name: stored
    seed: 5
    sources:
      system: \(source)
    sinks:
      store: { from: system, zarr: { path: s.zarr, chunk: 7 } }
    """
  }

  @Test("A replay gives the simulator's frames to the bit, and knows the system again", arguments: systems)
  func replay(keys: String) async throws {
    try await withTemporaryDirectory { folder in
      let (run, _) = try await Runs.run(
        yaml("{ simulate: \(keys) }"), in: folder.appending(path: "a"),
        set: ["sources.system.simulate.ensembles=2"])
      let store = run.directory.file("s.zarr")
      let stored = try StoredTrajectories(store)
      let source = try #require(run.description.nodes.first?.component as? SimulateSource)
      let live = source.simulation.trajectories
      #expect(stored.system.name == live.system.name && stored.system is any DynamicalSystem)
      #expect(stored.system.attributes == live.system.attributes)
      #expect(stored.layout == live.layout && stored.interval == live.interval)
      #expect((0..<5).map { stored.length($0) } == [24, 24, 24, 24, nil])
      for trajectory in 0..<4 {
        #expect(try stored.frames(of: trajectory, 0..<24) == live.frames(of: trajectory, 0..<24))
      }
      let state = try stored.frames(of: 3, 23..<24)[0]
      #expect(stored.system.tendency(of: state.state, at: state.time) != nil)

      let (again, _) = try await Runs.run(
        yaml("{ replay: { path: \(store.path) } }"), in: folder.appending(path: "b"))
      #expect(try Runs.files(again.directory.file("s.zarr")) == Runs.files(store))
    }
  }

  @Test(
    "Stopped anywhere and gone on with, a store has the bytes of one that was never stopped", .timeLimit(.minutes(15)),
    arguments: systems)
  func resume(keys: String) async throws {
    try await withTemporaryDirectory { folder in
      let text = yaml("{ simulate: \(keys) }")
      let parts = folder.appending(path: "parts")
      let stopped = try PipelineRun(PipelineDescription(text: text), directory: parts, resuming: false)
      let store = stopped.directory.file("s.zarr")
      async let summary = stopped.execute(status: TerminalStatus(isTerminal: false))
      await wait(for: store.appending(path: "length")) { (try? TrajectoryStoreReader(store))?.trajectories ?? 0 >= 4 }
      stopped.pipeline.graph.stop.request()
      _ = try await summary
      let ensembles = try TrajectoryStoreReader(store).trajectories / 2 + 1
      let set = ["sources.system.simulate.ensembles=\(ensembles)"]
      try await Runs.run(text, in: parts, set: set, resuming: true)
      let (whole, _) = try await Runs.run(text, in: folder.appending(path: "whole"), set: set)
      let expected = try Runs.files(whole.directory.file("s.zarr"))
      let found = try Runs.files(store)
      #expect(found.keys.sorted() == expected.keys.sorted())
      #expect(found == expected)
      #expect(try TrajectoryStoreReader(store).trajectories == 2 * ensembles)
    }
  }

  @Test("`holstein:` is `simulate:` with `system: holstein`, to the byte")
  func alias() async throws {
    try await withTemporaryDirectory { folder in
      let keys =
        "sites: 8, trajectories: 2, frames: 12, ensembles: 2, every: 4, disorder: 0.3, mid-interval: true, noise: 1e-2"
      let (older, _) = try await Runs.run(
        yaml("{ holstein: { \(keys) } }"), in: folder.appending(path: "a"))
      let (newer, _) = try await Runs.run(
        yaml("{ simulate: { system: holstein, \(keys) } }"), in: folder.appending(path: "b"))
      let expected = try Runs.files(older.directory.file("s.zarr"))
      #expect(expected.count > 10)
      #expect(try Runs.files(newer.directory.file("s.zarr")) == expected)
    }
  }

  @Test(
    "A store of other arrays, or of another system, is not gone on with, and is left as it was",
    arguments: [
      ("{ simulate: { system: lorenz-63, trajectories: 2, frames: 24, ensembles: 2 } }", "has an array x [8]"),
      ("{ simulate: { system: lorenz-96, sites: 12, trajectories: 2, frames: 24, ensembles: 2 } }", "x [12]"),
      (
        "{ simulate: { system: lorenz-96, sites: 8, forcing: 9, trajectories: 2, frames: 24, every: 100, transient: 50, ensembles: 2 } }",
        "forcing"
      ),
    ])
  func other(source: String, words: String) async throws {
    try await withTemporaryDirectory { folder in
      let (run, _) = try await Runs.run(
        yaml("{ simulate: \(Self.systems[0]) }"), in: folder, set: ["sources.system.simulate.ensembles=1"])
      let before = try Runs.files(run.directory.file("s.zarr"))
      let error = await #expect(throws: RunError.self) {
        try await Runs.run(yaml(source), in: folder, resuming: true)
      }
      #expect(error?.code == .badInput)
      #expect(
        error?.message.contains(words) == true && error?.message.contains("s.zarr") == true, "\(error?.message ?? "")")
      #expect(try Runs.files(run.directory.file("s.zarr")) == before)
    }
  }
}
