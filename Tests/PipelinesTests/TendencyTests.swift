import Foundation
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("What equations say of stored states")
struct TendencyTests {
  /// Writes a store as zarr-python does: Q and P in [trajectory, time, y, x] and no word of what system they are.
  private static let script = """
    import sys, numpy, zarr
    folder, out, name = sys.argv[1:4]
    load = lambda name: numpy.load(f"{folder}/{name}.npy")
    q = load(f"{name}Q")[None] if name else load("Q")[:, None][[0, 1, 2, 4, 7]]
    group = zarr.create_group(out, attributes=dict(g=3.5, k=1.0, kappa=0.18, m=5, t=1.0))
    for field, values in (("P", load(f"{name}P")[None] if name else 0 * q), ("Q", q)):
        group.create_array(field, data=values, chunks=values.shape, dimension_names=["trajectory", "time", "y", "x"])
    """

  private func store(_ folder: URL, of golden: URL, _ name: String) throws -> URL {
    let url = folder.appending(path: "\(name)others.zarr")
    let (status, output) = try runPython(Self.script, [golden.path, url.path, name])
    #expect(status == 0, "\(output)")
    return url
  }

  private static let data = Places.data.appending(path: "square")

  private func largest(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).map { abs($0 - $1) }.max() ?? 0 : .infinity
  }

  @Test(
    "Forces and densities of states that zarr-python wrote are NumPy's to 1e-10",
    .enabled(if: Places.hasPython), arguments: ["canonical", "grand-canonical"])
  func foreign(ensemble: String) async throws {
    try await withTemporaryDirectory { folder in
      let states = try store(folder, of: Self.data, "")
      let out = folder.appending(path: "F.zarr")
      let message = try TendencyJob(
        origin: states, system: "holstein-square", settings: ["temperature=0.1", "ensemble=\(ensemble)"], output: out
      ).run()
      #expect(message.hasPrefix("Wrote force, density of 5 frames"))
      let prefix = ensemble == "canonical" ? "" : "gc_"
      let reader = try TrajectoryStoreReader(out)
      for (array, name) in [("force", "F"), ("density", "n")] {
        let expected = try NumPyArray(contentsOf: Self.data.appending(path: "\(prefix)\(name).npy"))
        #expect(reader.field(array)?.dimensionNames == ["y", "x"] && reader.field(array)?.shape == [6, 6])
        for (trajectory, row) in [0, 1, 2, 4, 7].enumerated() {
          let found = try reader.read(array, trajectory: trajectory, frames: 0..<1)
          #expect(largest(found, expected[row: row]) < 1e-10, "\(array) of configuration \(row)")
        }
      }
    }
  }

  @Test("Trajectories go on from a state that zarr-python wrote, and are NumPy's", .enabled(if: Places.hasPython))
  func continued() async throws {
    try await withTemporaryDirectory { folder in
      let states = try store(folder, of: Self.data, "verlet_")
      let out = folder.appending(path: "again.zarr")
      _ = try SimulateJob(
        system: "holstein-square", settings: ["gamma=0"], origin: states, frame: 0, steps: 40, every: 4, output: out
      ).run()
      let reader = try TrajectoryStoreReader(out)
      for name in ["Q", "P"] {
        let expected = try NumPyArray(contentsOf: Self.data.appending(path: "verlet_\(name).npy"))
        #expect(largest(try reader.read(name, trajectory: 0, frames: 0..<11), expected.values) < 1e-10)
      }
      // The program's own store says what it is of, and keeps the force.
      let forces = folder.appending(path: "F.zarr")
      _ = try TendencyJob(origin: out, output: forces).run()
      let kept = try reader.read("tendency_P", trajectory: 0, frames: 0..<11)
      #expect(try TrajectoryStoreReader(forces).read("force", trajectory: 0, frames: 0..<11) == kept)
    }
  }

  @Test("Parameters that a store states count where no setting gives them", .enabled(if: Places.hasPython))
  func statedParameters() async throws {
    try await withTemporaryDirectory { folder in
      let states = try StoredTrajectories(store(folder, of: Self.data, ""))
      let system = try StoredSystem.dynamics(of: states, word: "holstein-square", settings: ["kappa=0.1"])
      let attributes = system.attributes
      #expect(attributes["m"] == 5.0 && attributes["kappa"] == 0.1 && attributes["sites"] == 6.0)
      #expect(throws: RunError.self) { try StoredSystem.dynamics(of: states, word: nil, settings: []) }
    }
  }

  @Test("Of any other system the derivatives are written, and what does not fit is refused in words")
  func others() async throws {
    try await withTemporaryDirectory { folder in
      let truth = folder.appending(path: "truth.zarr")
      _ = try SimulateJob(
        system: "lorenz-96", settings: ["sites=8"], trajectories: 2, steps: 30, every: 10, output: truth
      ).run()
      let out = folder.appending(path: "F.zarr")
      _ = try TendencyJob(origin: truth, settings: ["forcing=9"], output: out).run()
      let stored = try StoredTrajectories(truth)
      let state = try stored.frames(of: 1, 3..<4)[0].state
      let expected = try #require(Lorenz96(sites: 8, forcing: 9).tendency(of: state, at: 0))
      #expect(
        try TrajectoryStoreReader(out).read("tendency_x", trajectory: 1, frames: 3..<4) == expected.values)
      func refusal(_ job: TendencyJob) -> String {
        do { return try job.run() } catch { return "\(error)" }
      }
      let new = folder.appending(path: "new.zarr")
      #expect(refusal(TendencyJob(origin: truth, system: "lorenz-69", output: new)).contains("lorenz-63"))
      #expect(
        refusal(TendencyJob(origin: truth, system: "holstein-square", output: new)).contains("Q [16, 16], P [16, 16]"))
      #expect(refusal(TendencyJob(origin: truth, settings: ["forcing=x"], output: new)).contains("forcing"))
      #expect(refusal(TendencyJob(origin: truth, output: out)).contains("exists"))
    }
  }

  @Test("A square lattice is simulated into a store, gone on with to the same bits, and refused when it is odd")
  func simulated() async throws {
    try await withTemporaryDirectory { folder in
      let (whole, part) = (folder.appending(path: "whole.zarr"), folder.appending(path: "part.zarr"))
      let keys = ["L=4", "temperature=0.2"]
      _ = try SimulateJob(
        system: "holstein-square", settings: keys, trajectories: 2, seed: 7, steps: 30, every: 5, output: whole
      ).run()
      _ = try SimulateJob(origin: whole, frame: 2, steps: 20, every: 5, output: part).run()
      let (a, b) = (try TrajectoryStoreReader(whole), try TrajectoryStoreReader(part))
      for field in ["Q", "P", "tendency_P"] {
        for trajectory in 0..<2 {
          #expect(
            try a.read(field, trajectory: trajectory, frames: 2..<7)
              == b.read(field, trajectory: trajectory, frames: 0..<5))
        }
      }
      #expect(try StoredTrajectories(whole).layout.domain == .square(4, 4))
      let error = #expect(throws: RunError.self) {
        try SimulateJob(system: "holstein-square", settings: ["L=5"], steps: 5, every: 5, output: part).run()
      }
      #expect(error?.description.contains("even") == true)
    }
  }
}
