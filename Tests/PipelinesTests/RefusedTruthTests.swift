import Climate
import Foundation
import Learning
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("Truth that is none", .serialized)
struct RefusedTruthTests {
  /// A store whose held-out trajectories are damaged from frame 9 on.
  private func store(_ damage: String, in folder: URL) throws -> URL {
    let whole = folder.appending(path: "whole.zarr")
    _ = try SimulateJob(
      settings: ["preset=shallow", "sites=8"], trajectories: 8, seed: 77, steps: 480, every: 16, output: whole
    ).run()
    let url = folder.appending(path: "damaged.zarr")
    try Runs.copy(whole, to: url) { frame in
      guard frame.trajectory % 4 == 3, frame.index == 9 else { return }
      let place = frame.state.layout.range("Q").lowerBound + 2
      frame.state.values[place] = damage == "nan" ? .nan : frame.state.values[place] + 0.5
    }
    return url
  }

  @Test(
    "Is refused by name: the run goes on and says at its end why nothing was judged, and judging later is an error",
    .timeLimit(.minutes(15)),
    arguments: [
      ("nan", "trajectory 3, frame 9, has a value that is not finite"),
      ("law", "trajectory 3, frame 9: the energy changed from"),
    ])
  func refused(damage: String, words: String) async throws {
    let holstream = try BuiltProgram()
    try await withTemporaryDirectory { folder in
      let store = try store(damage, in: folder)
      let yaml = Miniature.yaml().replacing(
        "holstein: { preset: shallow, sites: 8, trajectories: 4, frames: 30, every: 16, noise: 1e-2 }",
        with: "replay: { path: \(store.path), passes: 9 }")
      let (run, summary) = try await Runs.run(yaml, in: folder.appending(path: "run"))
      let said = summary.description
      #expect(said.contains("No checkpoint was judged: the truth cannot be judged by: \(words)"), "\(said)")
      #expect(!said.contains("surviving") && !said.contains("What it learned"))
      #expect(Runs.messages(run).count { $0.contains("no checkpoint can be judged") } == 1)
      #expect(CheckpointFolder(run.directory.file("checkpoints")).files.map(\.step) == [6, 12, 18, 24])
      #expect(CheckpointFolder(run.directory.file("checkpoints")).bestStep == nil)
      #expect(try Runs.lines(run.directory.file("verdicts.jsonl")).isEmpty)
      let ledger = try CheckpointLedgerFile(run.directory.file("ledger.jsonl")).current
      #expect(ledger.best(by: "evaluate") == nil && ledger.waiting(for: "evaluate") == [6, 12, 18, 24])

      let error = #expect(throws: ClimateError.self) { try JudgeJob(run: run.directory.url, node: nil).run() }
      #expect(error.flatMap { ExitStatus(for: $0) } == .badInput)
      let (status, output) = try holstream("judge", run.directory.url.path)
      #expect(status == 65 && output.contains(words), "\(output)")
    }
  }
}

@Suite("The summary of a run", .serialized)
struct RunSummaryTests {
  @Test("Tells verdicts without any log, and its best is the ledger's", .timeLimit(.minutes(15)))
  func verdicts() async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml().split(separator: "\n").filter { !$0.contains("jsonl") }.joined(separator: "\n")
      // So large a hysteresis leaves the first checkpoint the best.
      let (run, summary) = try await Runs.run(
        yaml, in: folder, set: ["stages.evaluate.verdict.hysteresis=0.99"])
      #expect(!FileManager.default.fileExists(atPath: run.directory.file("verdicts.jsonl").path))
      let said = summary.description
      #expect(said.contains("What it learned: "), "\(said)")
      let best = try #require(run.ledger?.current.best(by: "evaluate"))
      #expect(best.step == 6)
      #expect(
        said.contains("The best of 4 judged checkpoints is that of step 6 with rollout RMSE Δρ")
          && said.contains(", chosen by \(best.measure) ("), "\(said)")
      #expect(CheckpointFolder(run.directory.file("checkpoints")).bestStep == 6)
    }
  }

  @Test(
    "Advises an array that the store has",
    arguments: [
      ("{ simulate: { system: lorenz-96, sites: 8, trajectories: 1, frames: 9, ensembles: 1, transient: 10 } }", "x"),
      ("{ simulate: { system: kuramoto-sivashinsky, trajectories: 1, frames: 9, ensembles: 1, transient: 10 } }", "u"),
      ("{ dynamical-system: { system: lorenz-63, trajectories: 1, frames: 9, ensembles: 1, transient: 10 } }", "x"),
      ("{ holstein: { sites: 8, trajectories: 1, frames: 9, ensembles: 1, every: 2 } }", "Q"),
    ])
  func advice(source: String, field: String) async throws {
    try await withTemporaryDirectory { folder in
      let (run, summary) = try await Runs.run(
        """
        name: advised
        sources:
          system: \(source)
        sinks:
          store: { from: system, zarr: { path: s.zarr } }
        """, in: folder)
      #expect(summary.description.contains("run[\"\(field)\"][0, :frames].plot()"), "\(summary)")
      let stored = try StoredTrajectories(run.directory.file("s.zarr"))
      #expect(stored.reader.field(field) != nil && stored.reader.length(0) == 9)
    }
  }

  @Test("Advises a trajectory that retention has left")
  func adviceAfterRetention() async throws {
    try await withTemporaryDirectory { folder in
      let (_, summary) = try await Runs.run(
        """
        name: advised
        sources:
          system: { simulate: { system: lorenz-63, trajectories: 1, frames: 9, ensembles: 5, transient: 10 } }
        sinks:
          store: { from: system, zarr: { path: s.zarr, keep: last 2 trajectories } }
        """, in: folder)
      #expect(summary.description.contains("int(run.length[3])"), "\(summary)")
      #expect(summary.description.contains("run[\"x\"][3, :frames].plot()"), "\(summary)")
    }
  }
}
