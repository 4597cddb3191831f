import Climate
import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("The units of a log, wherever a person reads a number")
struct LogUnitsTests {
  /// Two columns of very different sizes: b is 100 times a cosine about 1000.
  private static func log(_ rows: Range<Int>, to url: URL) throws {
    let lines = rows.map { k in
      "\(0.25 * Double(k)),\(3 + sin(0.3 * Double(k))),\(1000 + 100 * cos(0.3 * Double(k)))"
    }
    try Data((["time,a,b"] + lines + [""]).joined(separator: "\n").utf8).write(to: url)
  }

  private static func yaml(_ log: URL) -> String {
    """
    name: units
    seed: 2
    sources:
      log: { tail: { path: \(log.path), follow: false } }
      checkpoints: { checkpoint-watch: {} }
    until: train
    stages:
      states: { from: log, states: { columns: "a, b", standardise: 40 } }
      seen: { from: states, observe: {} }
      climate: { from: states, rolling-climate: { window: 100, lag: 5, every: 50 } }
      train:
        from: states
        online-trainer:
          model: { family: mlp, width: 8, layers: 2 }
          batch: 4
          window: 6
          reservoir: 32
          warm-up-frames: 100
          frames-per-step: 5
          hold-back: 60
          workers: 1
          curriculum: [{ batches: 10000, steps: 2, noise: 1e-3 }]
          checkpoint-every: 60
          validation: { every: 10, windows: 4 }
      evaluate:
        from: checkpoints
        verdict: { truth: states, horizon: 20, rollouts: 3, baseline-frames: 100, resamples: 5 }
    sinks:
      lines: { from: states, jsonl: states.jsonl }
      numbers: { from: seen, jsonl: seen.jsonl }
      climates: { from: climate, jsonl: climate.jsonl }
      verdicts: { from: evaluate, jsonl: verdicts.jsonl }
      page: { from: states, page: {} }
      page-verdicts: { from: evaluate, page: {} }
    """
  }

  private struct Line: Decodable { var a: Double, b: Double }

  @Test(
    "Verdicts, page, logs and rolling climate are in the log's own, in a first run and in one that goes on",
    .timeLimit(.minutes(15)))
  func everywhere() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      for (rows, resuming) in [(500, false), (1000, true)] {
        try Self.log(0..<rows, to: file)
        let (run, _) = try await Runs.run(Self.yaml(file), in: folder.appending(path: "run"), resuming: resuming)
        let words = resuming ? "resumed" : "first"
        for name in ["states.jsonl", "seen.jsonl"] {
          let lines = try Runs.lines(run.directory.file(name)).map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
          }
          #expect(
            !lines.isEmpty && lines.allSatisfy { (2...4).contains($0.a) && (900...1100).contains($0.b) },
            "\(words), \(name)")
        }
        let climate = try JSONDecoder().decode(
          ClimateSnapshot.self, from: Data(#require(Runs.lines(run.directory.file("climate.jsonl")).last).utf8))
        let b = try #require(climate.observables.last)
        #expect(
          abs(b.mean - 1000) < 20 && abs(b.variance - 5000) < 500, "\(words), rolling climate: \(b.mean) \(b.variance)")
        let highest = try #require(climate.spectra?["b"]?.frequencies.last)
        #expect(abs(highest - 2) < 0.1, "\(words): half a cycle a frame, frames being 0.25 apart, is \(highest)")
        var (points, strange) = (0, 0)
        for case .point(let chart, _, let values) in run.events.history where chart.section == "Live stream" {
          points += 1
          let bounds = chart.title == "b" ? 900.0...1100.0 : 2.0...4.0
          if !values.values.allSatisfy({ bounds.contains($0) }) { strange += 1 }
        }
        #expect(points > 0 && strange == 0, "\(words): \(strange) of \(points) points of the page")
        for case .curves(let chart, let series) in run.events.history
        where chart.section == "Truth against rollout" && chart.title == "b" {
          #expect(series[0].values.allSatisfy { (900.0...1100.0).contains($0) }, "\(words), truth on the page")
        }
        let log = run.directory.file("verdicts.jsonl")
        let verdict = try VerdictCurves.complete(
          JSONDecoder().decode(Verdict.self, from: Data(#require(Runs.lines(log).last).utf8)), from: log)
        let truth = try #require(verdict.example["b truth"])
        #expect(truth.allSatisfy { (900.0...1100.0).contains($0) }, "\(words), the verdict's example")
        // Over 20 frames of 0.3 of the phase each the cosine goes round once: persistence is off by its amplitude.
        let errors = try #require(verdict.baselines.first { $0.name == "persistence" }).errors
        #expect(errors["b"] ?? 0 > 40 && (0.4...4).contains(errors["a"] ?? 0), "\(words): \(errors)")
        let moments = try #require(verdict.climate.observables.first { $0.name == "b" }).truth
        #expect(abs(moments.mean - 1000) < 60 && moments.maximum > 1050, "\(words), the verdict's climate")
        let largest = try #require(verdict.score("largest error", of: "b")).value
        let error = try #require(verdict.errors["b"])
        #expect(largest >= error && largest > 1, "\(words): \(largest), \(error)")
      }
    }
  }
}
