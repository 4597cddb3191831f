import Foundation
import Learning
import TestSupport
import Testing
import Trajectories
import Zarr

@testable import Pipelines

@Suite("Force fields from a store to forces and verdicts", .serialized)
struct ForceFieldJobTests {
  /// Six by six sites: a small lattice at half filling, with its forces in the store.
  private func quench(_ name: String, seed: UInt64, _ settings: [String] = [], in folder: URL) throws -> URL {
    let url = folder.appending(path: name)
    _ = try SimulateJob(
      system: "holstein-square", settings: ["L=4", "temperature=0.3"] + settings, trajectories: 2, seed: seed,
      steps: 240, every: 20, output: url
    ).run(status: TerminalStatus(isTerminal: false))
    return url
  }

  private func fit(_ origin: URL, batches: Int = 200, to output: URL) throws -> String {
    try FitJob(
      origin: origin, family: "gnn-direct",
      settings: ["widths=8-8", "batches=\(batches)", "batch=2", "window=4", "learning-rate=1e-2", "warm-up-steps=20"],
      seed: 2, output: output
    ).run(status: TerminalStatus(isTerminal: false))
  }

  @Test("A field that is fitted writes forces and densities at the charge of the lattice", .timeLimit(.minutes(15)))
  func chain() async throws {
    try await withTemporaryDirectory { folder in
      let truth = try quench("truth.zarr", seed: 1, in: folder)
      let file = folder.appending(path: "field.safetensors")
      #expect(try fit(truth, to: file).contains("gnn-direct 8-8"))
      let out = folder.appending(path: "F.zarr")
      _ = try TendencyJob(origin: truth, checkpoint: file, output: out).run(status: TerminalStatus(isTerminal: false))
      let (states, forces) = (try TrajectoryStoreReader(truth), try TrajectoryStoreReader(out))
      var (error, size) = (0.0, 0.0)
      for trajectory in 0..<2 {
        let (q, exact) = (
          try states.read("Q", trajectory: trajectory, frames: 0..<13),
          try states.read("tendency_P", trajectory: trajectory, frames: 0..<13)
        )
        let (learned, density) = (
          try forces.read("force", trajectory: trajectory, frames: 0..<13),
          try forces.read("density", trajectory: trajectory, frames: 0..<13)
        )
        for frame in 0..<13 {
          let electrons = density[(frame * 16)..<(frame * 16 + 16)].reduce(0, +)
          #expect(abs(electrons - 8) < 1e-4)
          for site in 0..<16 {
            let (y, x) = (site / 4, site % 4)
            func value(_ y: Int, _ x: Int) -> Double { q[frame * 16 + (y + 4) % 4 * 4 + (x + 4) % 4] }
            let around = value(y + 1, x) + value(y - 1, x) + value(y, x + 1) + value(y, x - 1)
            let expected = 3.5 * (density[frame * 16 + site] - 0.5) - value(y, x) - 0.18 * around
            #expect(abs(learned[frame * 16 + site] - expected) < 1e-9)
          }
        }
        error += zip(learned, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        // The electrons' part alone is what there is to learn: what is left without it.
        for k in exact.indices {
          let (frame, y, x) = (k / 16, k / 4 % 4, k % 4)
          func value(_ y: Int, _ x: Int) -> Double { q[frame * 16 + (y + 4) % 4 * 4 + (x + 4) % 4] }
          let around = value(y + 1, x) + value(y - 1, x) + value(y, x + 1) + value(y, x - 1)
          let electronic = exact[k] + q[k] + 0.18 * around
          size += electronic * electronic
        }
      }
      #expect(error < 0.25 * size, "\(error) of \(size)")
      let words = try JudgeJob.verdict(
        on: file, truth: truth,
        overrides: [
          "stages.evaluate.verdict.horizon=12", "stages.evaluate.verdict.baseline-frames=0",
          "stages.evaluate.verdict.rollouts=2", "stages.evaluate.verdict.force-split=5",
        ], status: TerminalStatus(isTerminal: false))
      #expect(words.description.contains("Forces are off by") && words.description.contains("t > 5"), "\(words)")
    }
  }

  @Test("A field of another lattice, and a model that is none, are refused in words")
  func refusals() async throws {
    try await withTemporaryDirectory { folder in
      let truth = try quench("truth.zarr", seed: 1, in: folder)
      let file = folder.appending(path: "field.safetensors")
      _ = try fit(truth, batches: 2, to: file)
      func refusal(_ settings: [String], _ checkpoint: URL) -> String {
        let out = folder.appending(path: "\(UUID().uuidString).zarr")
        do {
          return try TendencyJob(origin: truth, settings: settings, checkpoint: checkpoint, output: out).run(
            status: TerminalStatus(isTerminal: false))
        } catch { return "\(error)" }
      }
      #expect(refusal(["temperature=0.2"], file).contains("temperature = 0.3"))
      #expect(refusal(["g=3"], file).contains("g = 3.5"))
      let other = folder.appending(path: "other.safetensors")
      _ = try FitJob(
        origin: truth, family: "persistence", settings: [], seed: 1, output: other
      ).run(status: TerminalStatus(isTerminal: false))
      #expect(refusal([], other).contains("no force field"))
    }
  }

  @Test("Labels are those of μ = 0 where the data hold their charge, and the stored ones where asked for")
  func labels() async throws {
    try await withTemporaryDirectory { folder in
      let stored = try StoredTrajectories(quench("truth.zarr", seed: 4, in: folder))
      func forces(_ ensemble: String) throws -> [Float] {
        let labels = try TrainingLabels(
          LabelRule(isAtFrames: true, changes: ["ensemble": .text(ensemble)]), of: stored.system)
        return try #require(stored.window(of: 0, at: 0, steps: 3, labels: labels).tendencies)
      }
      let kept = try stored.reader.read("tendency_P", trajectory: 0, frames: 0..<3).map { Float($0) }
      let (canonical, local) = (try forces("canonical"), try forces("grand-canonical"))
      let (momenta, own) = ((0..<3).flatMap { ($0 * 32 + 16)..<($0 * 32 + 32) }, canonical)
      #expect(momenta.map { own[$0] } == kept)
      #expect(zip(momenta.map { local[$0] }, kept).contains { abs($0 - $1) > 1e-2 })
      let nameless = RecordedSystem("others", layout: stored.system.layout, attributes: [:])
      let error = #expect(throws: RunError.self) {
        try TrainingLabels(LabelRule(changes: ["ensemble": "grand-canonical"]), of: nameless)
      }
      #expect(error?.description.contains("grand-canonical") == true)
    }
  }
}
