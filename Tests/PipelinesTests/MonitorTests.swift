import Climate
import Foundation
import Streams
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Settings

@Suite("The monitor in a run", .serialized)
struct MonitorTests {
  private func verdicts(_ url: URL) throws -> [Verdict] {
    var follower = JSONLinesFollower(url)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var verdicts: [Verdict] = []
    while case let items = try follower.read(), !items.isEmpty {
      for case .line(let line) in items {
        let verdict = try decoder.decode(Verdict.self, from: Data(line.object.utf8))
        verdicts.append(try VerdictCurves.complete(verdict, from: url))
      }
    }
    return verdicts
  }

  @Test(
    "A verdict holds baselines, random starts and Lyapunov exponents, and judging later adds a number",
    .timeLimit(.minutes(15)))
  func verdict() async throws {
    try await withTemporaryDirectory { folder in
      let description = try PipelineDescription(
        text: Miniature.yaml(),
        overrides: ["random-starts=3", "baseline-frames=120", "cores=2"].map { "stages.evaluate.verdict.\($0)" })
      let run = try PipelineRun(description, directory: folder.appending(path: "run"), resuming: false)
      _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      let first = try verdicts(run.directory.file("verdicts.jsonl"))
      #expect(first.count == 4)
      for verdict in first {
        #expect(verdict.baselines.map(\.name) == ["persistence", "linear regression", "echo-state network"])
        let random = try #require(verdict.randomStarts)
        #expect(random.starts == first[0].randomStarts?.starts && Set(random.starts.map(\.frame)).count > 1)
        #expect(random.starts.allSatisfy { $0.trajectory % 4 == 3 && $0.frame + random.frames < 30 })
        #expect(verdict.climate.stateSpace[0].noiseFloorSource == "other truth")
        #expect(verdict.errorsAgainstFrame["P"]?.count == 21 && verdict.lyapunov == nil)
        #expect(verdict.validTimes.map(\.norm) == ["deltaRho", "state"])
      }
      // A linear model beats standing still on a regular oscillation.
      let baselines = first[0].baselines
      #expect(try #require(baselines[1].errors["Q"]) < #require(baselines[0].errors["Q"]))
      #expect(CheckpointFolder(run.directory.file("checkpoints")).bestStep != nil)
      let ledger = try CheckpointLedgerFile(run.directory.file("ledger.jsonl")).current
      #expect([6, 12, 18, 24].allSatisfy { ledger.outcome(of: $0, by: "evaluate") == .evaluated })

      // A run that is gone on with judges nothing twice.
      let again = try PipelineRun(description, directory: run.directory.url, resuming: true)
      _ = try await again.execute(status: TerminalStatus(isTerminal: false))
      #expect(try verdicts(run.directory.file("verdicts.jsonl")).count == 4)

      let job = JudgeJob(
        run: run.directory.url, node: nil,
        overrides: ["stages.evaluate.verdict.lyapunov=true", "stages.evaluate.verdict.lyapunov-frames=20"])
      #expect(try job.run(status: TerminalStatus(isTerminal: false)).description.contains("Judged 4 of 4"))
      let judged = try verdicts(run.directory.file("judged-evaluate.jsonl"))
      #expect(judged.count == 4)
      for (later, before) in zip(judged, first) {
        let exponents = try #require(later.lyapunov)
        #expect(exponents.truth != nil && exponents.model?.isFinite == true && exponents.starts == 2)
        #expect(later.errors == before.errors && later.climateScore == before.climateScore, "to the same bits")
      }
      #expect(try job.run(status: TerminalStatus(isTerminal: false)).description.contains("Judged 0 of 4"))
    }
  }

  @Test(
    "A threshold is said, logged, starts its command, and stops the run cleanly with a code of its own",
    .timeLimit(.minutes(15)))
  func alert() async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml(batches: 100_000).replacingOccurrences(
        of: "rolling-climate: { window: 200, lag: 5, every: 50 }",
        with: """
          rolling-climate:
            window: 200
            lag: 5
            every: 50
            alert:
              - { value: deltaRho mean, below: -100 }
              - { value: deltaQ variance, above: 0, then: stop, command: 'echo "$HOLSTREAM_ALERT" > "$HOLSTREAM_RUN/told"' }
          """.split(separator: "\n").joined(separator: "\n        "))
      let run = try PipelineRun(
        PipelineDescription(text: yaml), directory: folder.appending(path: "run"), resuming: false)
      let error = await #expect(throws: RunError.self) {
        try await run.execute(status: TerminalStatus(isTerminal: false))
      }
      #expect(error?.code == .alert && error?.message.contains("deltaQ variance") == true)
      #expect(error.flatMap { ExitStatus(for: $0) } == .alert)
      #expect(run.pipeline.graph.snapshot().nodes.allSatisfy { $0.state == .finished })
      let scans = DirectoryWatch(run.directory.url, timer: .milliseconds(200)).makeAsyncIterator()
      var told = false
      while !told, let scan = await scans.next() { told = scan.files.contains { $0.name == "told" && $0.size > 0 } }
      #expect(told)
      let lines = try String(contentsOf: run.directory.file("alerts-climate.jsonl"), encoding: .utf8)
      #expect(lines.split(separator: "\n").count == 1 && lines.contains("deltaQ variance"))
    }
  }

  @Test("An evaluation that may be busy for a quarter of the time rests three times as long as it works")
  func share() throws {
    let description = try PipelineDescription(
      text: Miniature.yaml(), overrides: ["stages.evaluate.verdict.share=0.25"])
    let stage = try #require(description.nodes.first { $0.id == "evaluate" }?.component as? VerdictStage)
    #expect(stage.settings.pause(after: .seconds(2)) == .seconds(6))
  }

  @Test(
    "Rollouts from a later frame are preceded by what a model with a memory is shown, and starts keep to their window")
  func windows() throws {
    let source = SimulatedTrajectories(
      try HolsteinSystem(.init(preset: .shallow, sites: 8, seed: 3)), seed: 3, abreast: 4, frames: 40)
    func place(_ trajectory: Int) -> HeldOutTruth.Place { .init(trajectory: trajectory, start: 12) }
    let held = try HeldOutTruth(source, [place(3), place(7)], horizon: 20, reference: [place(11), place(15)])
    let whole = try source.frames(of: 7, 0..<40).map(\.state)
    #expect(held.truth.states[1] == Array(whole[12...32]) && held.before[1] == whole[4..<12].map(\.single))
    #expect(held.truth.reference?["deltaQ"]?.count == 2 && held.truth.reference?["deltaQ"]?[0].count == 21)
    let starts = HeldOutTruth.random(9, of: source, numbers: [3, 7], horizon: 20, seed: 1)
    let fewer = HeldOutTruth.random(4, of: source, numbers: [3, 7], horizon: 20, seed: 1)
    #expect(Array(starts.prefix(4)) == fewer, "more starts move none of the others")
    let random = try HeldOutTruth(source, starts, horizon: 20)
    for (start, states) in zip(starts, random.truth.states) {
      let all = start.trajectory == 7 ? whole : try source.frames(of: 3, 0..<40).map(\.state)
      #expect(states == Array(all[start.start...(start.start + 20)]))
    }
    #expect(random.truth.reference == nil)
  }

  @Test("Alerts without a number or a bound are refused, with their place in the file")
  func refused() throws {
    let yaml = Miniature.yaml().replacingOccurrences(of: "every: 50 }", with: "every: 50, alert: [{ then: stop }] }")
    let error = #expect(throws: ConfigurationError.self) { try PipelineDescription(text: yaml) }
    let text = "\(try #require(error))"
    #expect(text.contains("needs the name of a number") && text.contains("needs `above:` or `below:`"))
  }
}
