import Foundation
import Learning
import TestSupport
import Testing
import Trajectories
import Zarr

@testable import Pipelines

@Suite("Square lattices that move by learned forces", .serialized)
struct SquareLearnedRunTests {
  private let status = TerminalStatus(isTerminal: false)

  private func simulate(
    _ name: String, _ settings: [String], from origin: URL? = nil, checkpoint: URL? = nil, replaying log: URL? = nil,
    seed: UInt64 = 3, steps: Int = 30, in folder: URL
  ) throws -> (store: URL, words: String) {
    let url = folder.appending(path: name)
    let words = try SimulateJob(
      system: origin == nil ? "holstein-square" : nil, settings: settings, origin: origin,
      frame: origin == nil ? nil : 0, checkpoint: checkpoint, replaying: log, trajectories: origin == nil ? 2 : nil,
      seed: origin == nil ? seed : nil, steps: steps, every: 5, output: url
    ).run(status: status)
    return (url, words)
  }

  private func numbers(_ store: URL) throws -> [[Double]] {
    let reader = try TrajectoryStoreReader(store)
    return try ["Q", "P", "tendency_P"].flatMap { name in
      try (0..<2).map { try reader.read(name, trajectory: $0, frames: 0..<reader.length($0)) }
    }
  }

  private static let onTheFly = [
    "L=8", "engine=on-the-fly", "radius=2", "initial=checkerboard", "on-the-fly.target-error=0.03",
    "on-the-fly.audit-share=0.05", "on-the-fly.retrain-every=2",
  ]

  @Test("A log of labels replays to the same store by a command, and says so", .timeLimit(.minutes(15)))
  func replay() async throws {
    try await withTemporaryDirectory { folder in
      let (first, _) = try simulate("first.zarr", Self.onTheFly, in: folder)
      let log = first.appendingPathExtension("labels.jsonl")
      let (again, words) = try simulate("again.zarr", Self.onTheFly, replaying: log, in: folder)
      #expect(words.contains("Replayed 62 steps") && words.contains("to the bit"), "\(words)")
      #expect(try numbers(again) == numbers(first))
      #expect(
        try Runs.lines(again.appendingPathExtension("labels.jsonl")).map { $0.prefix { $0 != "#" } }
          == Runs.lines(log).map { $0.prefix { $0 != "#" } })
      // Other settings meet other errors, and it is said.
      let other = Self.onTheFly.map { $0 == "radius=2" ? "radius=3" : $0 }
      #expect(try simulate("other.zarr", other, replaying: log, in: folder).words.contains("are others than the log's"))
      // A log that lost a line, or is none, is refused by name.
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      let torn = folder.appending(path: "torn.jsonl")
      try (lines[..<20] + lines[21...]).joined(separator: "\n").write(to: torn, atomically: true, encoding: .utf8)
      for (file, words) in [(torn, "lines 20 to 20 are missing"), (folder.appending(path: "none"), "no such log")] {
        let error = #expect(throws: RunError.self) {
          try simulate("refused.zarr", Self.onTheFly, replaying: file, in: folder)
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "refused.zarr").path))
      }
    }
  }

  @Test("A learned field moves a lattice with the bath's noise, and its climate is compared", .timeLimit(.minutes(15)))
  func learned() async throws {
    try await withTemporaryDirectory { folder in
      let (truth, _) = try simulate("truth.zarr", ["L=4", "temperature=0.3"], in: folder)
      let field = folder.appending(path: "field.safetensors")
      _ = try FitJob(
        origin: truth, family: "gnn-direct", settings: ["widths=4-4", "batches=20", "batch=2", "window=4"], seed: 2,
        output: field
      ).run(status: status)
      let (moved, _) = try simulate("learned.zarr", [], from: truth, checkpoint: field, in: folder)
      let (own, again) = (try numbers(truth), try numbers(moved))
      // From the same states, by other forces, with the same noise.
      #expect(own[0].prefix(16) == again[0].prefix(16) && own[0] != again[0])
      let forces = folder.appending(path: "F.zarr")
      _ = try TendencyJob(origin: moved, checkpoint: field, output: forces).run(status: status)
      let asked = try TrajectoryStoreReader(forces).read("force", trajectory: 0, frames: 0..<7)
      #expect(zip(asked, again[4]).allSatisfy { abs($0 - $1) < 1e-12 })
      let attributes = try TrajectoryStoreReader(moved).attributes
      #expect(attributes["force_field"]?.string == "field.safetensors")
      let words = try ClimateJob(truth: truth, other: moved, firstFrame: 0, maximumLag: nil).run(
        json: false, status: status)
      #expect(words.contains("domains of order"))
      // Not with what it was not learned for.
      func refusal(_ settings: [String], from origin: URL?, checkpoint: URL, log: URL? = nil) -> String {
        do {
          _ = try simulate(
            "\(UUID().uuidString).zarr", settings, from: origin, checkpoint: checkpoint, replaying: log, in: folder)
        } catch { return "\(error)" }
        return "nothing"
      }
      #expect(refusal(["temperature=0.2"], from: truth, checkpoint: field).contains("temperature"))
      #expect(refusal([], from: truth, checkpoint: field, log: field).contains("one or the other"))
      let persistence = folder.appending(path: "persistence.safetensors")
      _ = try FitJob(origin: truth, family: "persistence", settings: [], seed: 1, output: persistence).run(
        status: status)
      #expect(refusal([], from: truth, checkpoint: persistence).contains("no force field"))
      let lorenz = folder.appending(path: "lorenz.zarr")
      let step = SimulateJob(system: "lorenz-63", trajectories: 1, seed: 1, steps: 60, every: 2, output: lorenz)
      _ = try step.run(status: status)
      #expect(refusal([], from: lorenz, checkpoint: field).contains("lorenz-63"))
      let foreign = folder.appending(path: "foreign.safetensors")
      _ = try FitJob(
        origin: lorenz, family: "mlp", settings: ["batches=2", "batch=2"], seed: 1, output: foreign
      ).run(status: status)
      #expect(refusal([], from: truth, checkpoint: foreign).contains("no force field"))
      // A map of another system, or of another size, rolls nothing out here either.
      for model in [field, foreign] {
        let error = #expect(throws: (any Error).self) {
          try PredictJob(
            checkpoint: model, origin: model == field ? lorenz : truth, frame: 0, steps: 2,
            output: folder.appending(path: "p.zarr")
          ).run(status: status)
        }
        // Either says what it has and what it needs.
        #expect("\(error!)".contains(model == field ? "has x, y, z" : "Q [4, 4]"), "\(error!)")
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "p.zarr").path))
      }
    }
  }

  @Test("Forces in a store of their own are labels: the same field to the bit as from forces beside the states")
  func separateLabels() async throws {
    try await withTemporaryDirectory { folder in
      let settings = ["L=4", "temperature=0.3"]
      let (states, _) = try simulate("states.zarr", settings + ["keep-force=false"], in: folder)
      let (both, _) = try simulate("both.zarr", settings, in: folder)
      let forces = folder.appending(path: "forces.zarr")
      _ = try TendencyJob(origin: states, output: forces).run(status: status)
      func fit(_ origin: URL, _ labels: URL?, family: String = "gnn-direct", _ settings: [String]) throws -> [Float] {
        let file = folder.appending(path: "\(UUID().uuidString).safetensors")
        let network = ["widths=4-4", "batches=20", "batch=2", "window=4"]
        _ = try FitJob(
          origin: origin, labels: labels, family: family, settings: (family == "gnn-direct" ? network : []) + settings,
          seed: 2, output: file
        ).run(status: status)
        return try Checkpoint(contentsOf: file).parameters
      }
      #expect(try fit(states, forces, ["ensemble=canonical"]) == fit(both, nil, ["ensemble=canonical"]))
      func refusal(_ labels: URL, family: String = "gnn-direct", _ settings: [String] = ["ensemble=canonical"])
        -> String
      {
        do { _ = try fit(states, labels, family: family, settings) } catch { return "\(error)" }
        return "nothing"
      }
      #expect(refusal(forces, []).contains("ensemble `canonical`") && refusal(forces, []).contains("grand-canonical"))
      #expect(refusal(states).contains("has no array `force`"))
      #expect(refusal(forces, family: "persistence", []).contains("learns none"))
      let (short, _) = try simulate("short.zarr", settings, steps: 20, in: folder)
      let few = folder.appending(path: "few.zarr")
      _ = try TendencyJob(origin: short, output: few).run(status: status)
      #expect(refusal(few).contains("5 frames of trajectory 0, the states 7"))
      let warm = folder.appending(path: "warm.zarr")
      _ = try TendencyJob(origin: states, settings: ["temperature=0.5"], output: warm).run(status: status)
      #expect(refusal(warm).contains("temperature = 0.5"))
    }
  }

  private func yaml(_ refused: String) -> String {
    // Steps so long that the isolated lattice does not keep its energy.
    """
    name: refused
    seed: 3
    sources:
      lattice:
        simulate:
          { system: holstein-square, L: 4, gamma: 0, dt: 2, trajectories: 2, frames: 6, every: 2, ensembles: 1, refused: \(refused) }
    sinks:
      store: { from: lattice, zarr: { path: s.zarr } }
    """
  }

  @Test("A frame that breaks a law is refused, and the run goes on or stops as it is told", .timeLimit(.minutes(15)))
  func refused() async throws {
    try await withTemporaryDirectory { folder in
      let (run, _) = try await Runs.run(yaml("continue"), in: folder.appending(path: "on"))
      let lines = try Runs.lines(run.directory.file("refused-lattice.jsonl"))
      #expect(!lines.isEmpty && lines.allSatisfy { $0.contains("energy per site changed") })
      let reader = try TrajectoryStoreReader(run.directory.file("s.zarr"))
      #expect((0..<2).reduce(0) { $0 + reader.length($1) } + lines.count == 12)
      let error = await #expect(throws: (any Error).self) {
        try await Runs.run(yaml("stop"), in: folder.appending(path: "stop"))
      }
      #expect("\(error!)".contains("refused: stop") && "\(error!)".contains("take a smaller time step"), "\(error!)")
      #expect(
        try Runs.lines(folder.appending(path: "stop/refused-lattice.jsonl")).count == 1)
    }
  }
}
