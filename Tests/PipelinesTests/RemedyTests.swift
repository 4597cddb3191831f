import Foundation
import Learning
import Streams
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("What is refused says why, and what to do")
struct RemedyTests {
  private func lorenz(_ url: URL, trajectories: Int, steps: Int = 40) throws {
    _ = try SimulateJob(system: "lorenz-63", trajectories: trajectories, seed: 4, steps: steps, every: 2, output: url)
      .run()
  }

  @Test("Rollouts start from the trajectories that retention has left, each from its own frame and memory")
  func afterRetention() async throws {
    try await withTemporaryDirectory { folder in
      let (store, model) = (folder.appending(path: "s.zarr"), folder.appending(path: "m.safetensors"))
      try lorenz(store, trajectories: 5)
      _ = try FitJob(origin: store, family: "persistence", settings: [], seed: 1, output: model).run()
      let whole = try StoredTrajectories(store)
      let writer = try TrajectoryStoreWriter(resuming: store, threads: 1, synchronised: false)
      #expect(try writer.retain(.trajectories(2), finished: 5) == 3)
      try writer.close()
      let out = folder.appending(path: "out.zarr")
      let said = try PredictJob(checkpoint: model, origin: store, frame: 12, steps: 3, output: out).run()
      #expect(said.contains("trajectories 3 and following"), "\(said)")
      let rollouts = try StoredTrajectories(out)
      #expect(rollouts.reader.trajectories == 2)
      for k in 0..<2 {
        let start = try whole.frames(of: 3 + k, 12..<13)[0].state.single.double
        #expect(try rollouts.frames(of: k, 0..<1)[0].state == start)
      }
      let error = #expect(throws: StoreError.self) {
        try PredictJob(
          checkpoint: model, origin: store, frame: 400, steps: 3, output: folder.appending(path: "none.zarr")
        ).run()
      }
      #expect("\(error.map { "\($0)" } ?? "")".contains("all have frames 0 to 20"), "\(error.map { "\($0)" } ?? "")")
      #expect("\(error.map { "\($0)" } ?? "")".contains("leave it out"))
    }
  }

  @Test("Judging what a folder holds by an endless simulation ends by itself", .timeLimit(.minutes(10)))
  func endless() async throws {
    try await withTemporaryDirectory { folder in
      let (store, models) = (folder.appending(path: "s.zarr"), folder.appending(path: "models"))
      try lorenz(store, trajectories: 2)
      try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
      _ = try FitJob(
        origin: store, family: "persistence", settings: [], seed: 1, output: models.appending(path: "m-1.safetensors")
      ).run()
      let (run, _) = try await Runs.run(
        """
        name: judge
        held-out-one-in: 2
        sources:
          truth: { simulate: { system: lorenz-63, trajectories: 4, frames: 60, every: 2 } }
          checkpoints: { checkpoint-watch: { path: \(models.path), follow: false } }
        stages:
          evaluate: { from: checkpoints, verdict: { truth: truth, horizon: 20, rollouts: 2, baseline-frames: 0, resamples: 2 } }
        sinks:
          verdicts: { from: evaluate, jsonl: verdicts.jsonl }
        """, in: folder.appending(path: "run"))
      #expect(try Runs.lines(run.directory.file("verdicts.jsonl")).count == 1)
    }
  }

  @Test("Windows of a store that does not say its neighbours are those of the stream, or of the word that is given")
  func replayDomain() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "theirs.zarr")
      let plain = RecordedSystem("theirs", layout: StateLayout([Field("u", shape: [8])]))
      let frames = (0..<12).map { t in
        Frame(
          trajectory: 0, index: t, time: Double(t),
          state: State(plain.layout, (0..<8).map { sin(0.7 * Double($0) + 0.3 * Double(t)) }))
      }
      try Runs.write(plain, frames, to: url)
      let ring = StateLayout([Field("u", shape: [8])], domain: .ring(8))
      let training = try OnlineRehearsal.settings("window=6")
      func mix(_ settings: ReplayMix.Settings) throws -> ReplayMix {
        try ReplayMix(settings, training, layout: ring, state: nil, isHeldOut: { _ in false })
      }
      let own = try mix(ReplayMix.Settings(path: url.path, share: 0.5, capacity: 4))
      #expect(own.reservoir.windows.allSatisfy { $0.layout == ring } && !own.reservoir.isEmpty)
      let settings = try OnlineRehearsal.settings("window=6", "replay.path=\(url.path)", "replay.domain=none")
      let given = try #require(settings.replay)
      #expect(given.domain.text == "none")
      let error = #expect(throws: RunError.self) { try mix(given) }
      #expect(error?.message.contains("`domain:`") == true, "\(error?.message ?? "")")
    }
  }

  @Test("A model of a log is refused on states in other units than it learnt")
  func otherUnits() async throws {
    try await withTemporaryDirectory { folder in
      func store(_ name: String, deviation: Double) throws -> URL {
        let url = folder.appending(path: name)
        var standardisation = Standardisation(none: ["a"])
        standardisation.columns[0].deviation = deviation
        let system = LoggedSystem(["a"], standardisation)
        try Runs.write(
          system,
          (0..<80).map {
            Frame(trajectory: 0, index: $0, time: Double($0), state: State(system.layout, [sin(0.3 * Double($0))]))
          },
          to: url)
        return url
      }
      let (own, other) = (try store("own.zarr", deviation: 2), try store("other.zarr", deviation: 3))
      let model = folder.appending(path: "m.safetensors")
      _ = try FitJob(
        origin: own, family: "mlp", settings: ["batches=2", "width=4", "layers=2"], seed: 1, output: model
      )
      .run()
      func predict(_ store: URL) throws {
        _ = try PredictJob(
          checkpoint: model, origin: store, frame: 0, steps: 2,
          output: folder.appending(path: "\(store.lastPathComponent)-out.zarr")
        ).run()
      }
      try predict(own)
      let error = #expect(throws: LearningError.self) { try predict(other) }
      #expect(error?.message.contains("learnt a in units of 2.0 about 0.0") == true, "\(error?.message ?? "")")
    }
  }

  @Test("Every family of models and every system has a sentence")
  func sentences() throws {
    for list in [try CatalogueGuide.models(nil), try CatalogueGuide.systems(nil)] {
      for line in list.split(separator: "\n").dropLast() {
        #expect(line.split(separator: " ").count > 3 && line.hasSuffix("."), "\(line)")
      }
    }
  }
}
