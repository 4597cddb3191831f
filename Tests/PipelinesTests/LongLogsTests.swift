import Climate
import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("Logs of long runs", .timeLimit(.minutes(15)))
struct LongLogsTests {
  @Test("Of training steps every n-th is logged and what has something to say; verdicts keep their numbers in the line")
  func sparse() async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml(
        extra: """
            sparse: { from: train, jsonl: { path: sparse.jsonl, every: 5, keep: 1 GB } }
            whole: { from: evaluate, jsonl: { path: whole.jsonl, curves: line } }
            bare: { from: evaluate, jsonl: { path: bare.jsonl, curves: none } }
          """)
      let run = try await Runs.run(yaml, in: folder.appending(path: "run")).run
      func lines(_ name: String) throws -> [String] { try Runs.lines(run.directory.file(name)) }
      let steps = try lines("sparse.jsonl").map {
        try JSONDecoder.withInfinities.decode(TrainingRecord.self, from: Data($0.utf8)).report.step
      }
      let every = try lines("metrics.jsonl").map {
        try JSONDecoder.withInfinities.decode(TrainingRecord.self, from: Data($0.utf8))
      }
      #expect(steps == every.filter { $0.isTold(every: 5) }.map(\.report.step))
      #expect(Set([0, 5, 10, 15, 20, 23]).isSubset(of: steps) && steps.count < 12)

      let (slim, whole) = (try lines("verdicts.jsonl"), try lines("whole.jsonl"))
      #expect(slim.count == 4 && whole.count == 4)
      let files = FileManager.default
      #expect(files.fileExists(atPath: run.directory.file("verdicts.curves").path))
      #expect(!files.fileExists(atPath: run.directory.file("whole.curves").path))
      #expect(!files.fileExists(atPath: run.directory.file("bare.curves").path))
      let decoder = JSONDecoder.withInfinities
      for (slim, whole) in zip(slim, whole) {
        #expect(slim.utf8.count < whole.utf8.count)
        let (a, b) = try (
          decoder.decode(Verdict.self, from: Data(slim.utf8)), decoder.decode(Verdict.self, from: Data(whole.utf8))
        )
        let encoder = JSONEncoder.withInfinities
        let (ours, theirs) = try (encoder.encode(a.numbers), encoder.encode(b.numbers))
        #expect(ours == theirs && a.plainWords == b.plainWords)
        #expect(a.example.values.allSatisfy(\.isEmpty) && !b.example.values.contains(where: \.isEmpty))
        let joined = try VerdictCurves.complete(a, from: run.directory.file("verdicts.jsonl"))
        let (again, whole) = try (encoder.encode(joined), encoder.encode(b))
        #expect(again == whole, "to the same bits")
      }
      // The page of the finished run has the curves again.
      let replay = try RunReplay(run.directory.url)
      #expect(
        replay.events.contains {
          if case .curves(let chart, let series) = $0 {
            chart.section == "Truth against rollout" && series[0].values.count > 10
          } else {
            false
          }
        })
    }
  }

  @Test("What cannot be is refused: verdicts that are passed over, and an amount that is none")
  func refused() async throws {
    let sparse = Miniature.yaml().replacing(
      "jsonl: verdicts.jsonl", with: "jsonl: { path: verdicts.jsonl, every: 2 }")
    _ = try await withTemporaryDirectory { folder in
      #expect {
        _ = try PipelineRun(
          PipelineDescription(text: sparse), directory: folder.appending(path: "run"), resuming: false)
      } throws: {
        "\($0)".contains("verdicts are logged one and all")
      }
    }
    let many = Miniature.yaml().replacing("jsonl: metrics.jsonl", with: "jsonl: { path: metrics.jsonl, keep: much }")
    #expect { try PipelineDescription(text: many) } throws: { "\($0)".contains("1 GB or 7 days") }
  }
}
