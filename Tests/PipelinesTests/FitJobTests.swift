import Foundation
import Learning
import TestSupport
import Testing
import Trajectories
import Zarr

@testable import Pipelines

@Suite("Fit, predict and compare", .serialized)
struct FitJobTests {
  private func store(
    _ name: String, seed: UInt64, trajectories: Int = 9, frames: Int = 40, in folder: URL, settings: [String] = []
  ) throws -> URL {
    let url = folder.appending(path: name)
    _ = try SimulateJob(
      settings: ["preset=shallow", "sites=8", "noise=1e-2"] + settings, trajectories: trajectories, seed: seed,
      steps: 16 * (frames - 1), every: 16, output: url
    ).run(status: TerminalStatus(isTerminal: false))
    return url
  }

  private func fit(_ origin: URL, _ family: String, _ settings: [String], to output: URL) throws -> String {
    try FitJob(origin: origin, family: family, settings: settings, seed: 2, output: output)
      .run(status: TerminalStatus(isTerminal: false))
  }

  private struct Comparison: Decodable {
    struct Score: Decodable {
      var id: String
      var observable: String?
      var value: Double
      var standardError: Double?
      var noiseFloor: Double?
      var length: Int?
    }
    var scores: [Score]
  }

  @Test(
    "Each family learns from a store, predicts from another, and the climates' scores say all that one must know",
    .timeLimit(.minutes(15)),
    arguments: [
      ("linear-regression", ["ridge=1e-6"]), ("echo-state", ["units=8", "radius=1", "warm-up=4", "window=20"]),
      ("nvar", ["order=1", "radius=1", "taps=2", "stride=1", "ridge=2.5e-6"]),
      ("cnn", ["channels=4", "blocks=1", "batches=12", "steps=2", "batch=4", "window=8"]), ("persistence", []),
    ])
  func chain(family: String, settings: [String]) async throws {
    try await withTemporaryDirectory { folder in
      let truth = try store("truth.zarr", seed: 1, in: folder)
      let other = try store("other.zarr", seed: 7, in: folder)
      let file = folder.appending(path: "model.safetensors")
      let words = try fit(truth, family, settings, to: file)
      #expect(words.hasPrefix("Wrote ") && words.contains("learnt from"), "\(words)")
      #expect(words.contains("held-out windows") == ["cnn", "echo-state", "nvar"].contains(family), "\(words)")
      let again = folder.appending(path: "again.safetensors")
      _ = try fit(truth, family, settings, to: again)
      #expect(try Data(contentsOf: again) == Data(contentsOf: file), "the same seed gives the same bytes")

      let rollout = folder.appending(path: "rollout.zarr")
      _ = try PredictJob(checkpoint: file, origin: other, frame: 9, steps: 25, output: rollout)
        .run(status: TerminalStatus(isTerminal: false))
      let predicted = try StoredTrajectories(rollout)
      #expect((0..<9).map { predicted.length($0) } == Array(repeating: 26, count: 9))
      #expect(predicted.system.attributes["g"]?.number == 0.8)
      let start = try StoredTrajectories(other).frames(of: 4, 9..<10)[0].state.single
      #expect(try predicted.frames(of: 4, 0..<1)[0].state.single == start)

      let json = try ClimateJob(truth: other, other: rollout, firstFrame: 0, maximumLag: 5).run(
        json: true, status: TerminalStatus(isTerminal: false))
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
      let scores = try decoder.decode(Comparison.self, from: Data(json.utf8)).scores
      for name in ["deltaRho", "deltaQ"] {
        let distance = try #require(scores.first { $0.observable == name && $0.id.hasPrefix("W1/") }, "\(json)")
        #expect(distance.value >= 0 && distance.length == 26)
        #expect(distance.noiseFloor != nil && distance.standardError != nil)
      }
      #expect(scores.allSatisfy { !$0.id.isEmpty && $0.length == 26 })
    }
  }

  @Test("A checkpoint is judged by all trajectories of a store, whatever the file is called")
  func judged() async throws {
    try await withTemporaryDirectory { folder in
      let truth = try store("truth.zarr", seed: 1, in: folder)
      let file = folder.appending(path: "best [1]*.safetensors")
      _ = try fit(truth, "linear-regression", ["ridge=1e-6"], to: file)
      try FileManager.default.copyItem(at: file, to: folder.appending(path: "best 1.safetensors"))
      let words = try JudgeJob.verdict(
        on: file, truth: truth,
        overrides: ["stages.evaluate.verdict.horizon=20", "stages.evaluate.verdict.rollouts=9"],
        status: TerminalStatus(isTerminal: false))
      #expect(
        words.description.hasPrefix("Over 20 frames") && words.description.contains("from 9 held-out states"),
        "\(words)")
      #expect(words.description.split(separator: "\n").count == 1, "\(words)")
      #expect {
        try JudgeJob.verdict(on: file, truth: folder.appending(path: "none.zarr"))
      } throws: {
        "\($0)".contains("none.zarr")
      }
    }
  }

  @Test("A model that was fitted to a ring rolls out on a store that does not say that it is one")
  func domain() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "heat.zarr")
      let writer = try TrajectoryStoreWriter(
        creating: url,
        layout: TrajectoryStoreLayout(
          fields: [TrajectoryField(name: "heat", shape: [8], dataType: .float64, dimensionNames: ["x"])]))
      for trajectory in 0..<3 {
        for frame in 0..<40 {
          let decay = exp(-0.05 * Double(frame))
          try writer.append(
            trajectory: trajectory, time: Double(frame),
            ["heat": (0..<8).map { decay * cos(.pi / 4 * Double($0 + trajectory)) }])
        }
      }
      try writer.close()
      let file = folder.appending(path: "model.safetensors")
      _ = try fit(url, "linear-regression", ["domain=ring", "ridge=1e-9"], to: file)
      let rollout = folder.appending(path: "rollout.zarr")
      _ = try PredictJob(checkpoint: file, origin: url, frame: 0, steps: 20, output: rollout)
        .run(status: TerminalStatus(isTerminal: false))
      let predicted = try StoredTrajectories(rollout)
      #expect(predicted.layout.domain == .ring(8))
      let last = try predicted.frames(of: 1, 20..<21)[0].state.values
      #expect(zip(last, 0..<8).allSatisfy { abs($0 - exp(-1) * cos(.pi / 4 * Double($1 + 1))) < 1e-4 })
      let words = try JudgeJob.verdict(
        on: file, truth: url, overrides: ["stages.evaluate.verdict.horizon=20"],
        status: TerminalStatus(isTerminal: false))
      #expect(words.description.hasPrefix("Over 20 frames"), "\(words)")
    }
  }

  @Test("Climates of stores whose frames lie at other distances in time are not compared")
  func intervals() async throws {
    try await withTemporaryDirectory { folder in
      let one = try store("one.zarr", seed: 1, in: folder)
      let two = try store("two.zarr", seed: 1, in: folder, settings: ["dt=0.02"])
      let error = #expect(throws: RunError.self) {
        try ClimateJob(truth: one, other: two, firstFrame: 0, maximumLag: nil).run(json: false)
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains("apart in time"))
    }
  }

  @Test(
    "What cannot be fitted is said, and nothing is written",
    arguments: [
      ("cnnn", [], "there is no family `cnnn`; did you mean `cnn`?"),
      ("cnn", ["chanels=4"], "unknown key `chanels`; did you mean `channels`?"),
      ("cnn", ["channels=none"], "expected a whole number"), ("cnn", ["channels"], "channels"),
      ("linear-regression", ["batches=5"], "unknown key `batches`"), ("linear-regression", ["ridge=-1"], "at least 0"),
      ("cnn", ["steps=8", "window=4"], "must be at least the unrolling, 8 steps"),
      ("cnn", ["batches=4", "steps=16", "window=64"], "needs windows of 17 frames; "),
      ("echo-state", ["warm-up=30"], "needs windows of 32 frames; "),
      ("nvar", ["batches=5"], "unknown key `batches`"), ("nvar", ["taps=9", "stride=2"], "needs windows of 18 frames"),
      ("nvar", ["order=4", "radius=1"], "more than 4096 features; lower order, taps or radius"),
      ("nvar", ["taps=9", "window=8"], "must be more than the 8 frames that the model looks back"),
      ("linear-regression", ["domain=square"], "which does not lie on a domain of 64 sites"),
    ])
  func refused(family: String, settings: [String], words: String) async throws {
    try await withTemporaryDirectory { folder in
      let truth = try store("truth.zarr", seed: 1, frames: 12, in: folder)
      let file = folder.appending(path: "model.safetensors")
      let error = #expect(throws: (any Error).self) { try fit(truth, family, settings, to: file) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(error.map { "\($0)" } ?? "nothing")")
      #expect(error.flatMap { ExitStatus(for: $0) } != nil)
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test(
    "A store with too few frames, and one whose numbers are none, are refused by name",
    arguments: [
      ("cnn", []), ("linear-regression", []), ("echo-state", ["warm-up=2"]), ("nvar", ["order=1"]),
    ])
  func tooShort(family: String, settings: [String]) async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "model.safetensors")
      let single = try store("single.zarr", seed: 1, frames: 1, in: folder)
      let error = #expect(throws: RunError.self) { try fit(single, family, settings, to: file) }
      #expect(error?.message.contains("has no trajectory of two frames") == true)
      let whole = try store("whole.zarr", seed: 1, frames: 12, in: folder)
      let broken = folder.appending(path: "broken.zarr")
      try Runs.copy(whole, to: broken) { if $0.trajectory == 2, $0.index == 5 { $0.state.values[3] = .nan } }
      let none = #expect(throws: LearningError.self) { try fit(broken, family, settings, to: file) }
      #expect(none?.message.contains("trajectory 2") == true && none?.message.contains("not finite") == true)
      #expect(throws: (any Error).self) { try fit(folder.appending(path: "none.zarr"), family, [], to: file) }
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }
}
