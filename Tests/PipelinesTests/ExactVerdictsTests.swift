import Climate
import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A verdict, its line and its entry", .timeLimit(.minutes(15)))
struct ExactVerdictsTests {
  /// What a kill can leave undone.
  enum Damage: String, CaseIterable {
    case lineWithoutEntry, lineWithoutBest, entryWithoutLine, bestWithoutLink, otherLink
  }

  /// Removes the lines of a log that say something.
  private func remove(from log: URL, _ isGone: (String) -> Bool) throws {
    let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map(String.init)
    let kept = lines.filter { !isGone($0) }
    #expect(kept.count < lines.count)
    try Data(kept.map { $0 + "\n" }.joined().utf8).write(to: log)
  }

  private func steps(_ log: URL) throws -> [Int] {
    try Runs.lines(log).map { try JSONDecoder().decode(Step.self, from: Data($0.utf8)).step }
  }

  private struct Step: Decodable { var step: Int }

  @Test("Whatever a kill left undone is put right by --resume: one line a checkpoint")
  func resume() async throws {
    try await withTemporaryDirectory { folder in
      // A second log, so that a verdict may be in one of them alone.
      let yaml = Miniature.yaml(extra: "  more: { from: evaluate, jsonl: more.jsonl }")
      let whole = try await Runs.run(yaml, in: folder).run
      let (verdicts, more) = (folder.appending(path: "verdicts.jsonl"), folder.appending(path: "more.jsonl"))
      let ledger = folder.appending(path: "ledger.jsonl")
      let best = try #require(whole.ledger?.current.best(by: "evaluate"))
      let link = CheckpointFolder(folder.appending(path: "checkpoints"))
      let last = 24
      func names(_ event: String, _ step: Int) -> (String) -> Bool {
        { $0.contains("\"\(event)\":{") && $0.contains("\"step\":\(step)}") }
      }
      // One after the other in the same folder: what was put right is whole again.
      for damage in Damage.allCases {
        switch damage {
        case .lineWithoutEntry:
          try remove(from: ledger, names("ended", last))
          try remove(from: more) { $0.contains("\"step\":\(last)") }
        case .lineWithoutBest:
          try remove(from: ledger) { $0.contains("\"best\"") || $0.contains("\"ended\"") }
          try FileManager.default.removeItem(at: link.bestLink)
        case .entryWithoutLine: try remove(from: verdicts) { $0.contains("\"step\":\(last)") }
        case .bestWithoutLink: try FileManager.default.removeItem(at: link.bestLink)
        case .otherLink: try link.markBest(link.files.first { $0.step != best.step }!)
        }
        let resumed = try await Runs.run(yaml, in: folder, resuming: true).run
        #expect(try steps(verdicts) == [6, 12, 18, 24], "\(damage)")
        #expect(try steps(more) == [6, 12, 18, 24], "\(damage)")
        let state = try #require(resumed.ledger?.current)
        #expect(state.evaluated(by: "evaluate") == [6, 12, 18, 24], "\(damage)")
        #expect(state.best(by: "evaluate") == best, "\(damage)")
        #expect(link.bestStep == best.step, "\(damage)")
      }
    }
  }

  @Test("A slow judge and a short `keep` lose checkpoints, but every one of them is in the ledger, and it is said")
  func everyLossIsSaid() async throws {
    try await withTemporaryDirectory { folder in
      let run = try await Runs.run(
        Miniature.yaml(), in: folder,
        set: [
          "stages.train.online-trainer.checkpoint-every=1", "stages.train.online-trainer.keep=1",
          "stages.evaluate.verdict.share=0.7",
        ]
      ).run
      let ledger = try #require(run.ledger?.current)
      #expect(ledger.landings.keys.sorted() == Array(1...24))
      #expect(ledger.waiting(for: "evaluate").isEmpty)
      let judged = ledger.evaluated(by: "evaluate")
      #expect(try steps(folder.appending(path: "verdicts.jsonl")) == judged)
      #expect(judged.count == 24 || Runs.messages(run).contains { $0.contains("retired before it could be judged") })
    }
  }

  @Test("A log knows which verdicts it has, by step and file; a line of an earlier version stands for any file")
  func logged() async throws {
    try await withTemporaryDirectory { folder in
      struct Line: Codable { var step: Int, file: UInt64? }
      let url = folder.appending(path: "verdicts.jsonl")
      let log = try JSONLinesLog(url)
      try log.append(Line(step: 1, file: 7))
      try log.append(Line(step: 2, file: nil))
      var logged = try LoggedVerdicts(url)
      #expect(logged.contains(step: 1, file: 7) && !logged.contains(step: 1, file: 8))
      #expect(logged.contains(step: 2, file: 9) && !logged.contains(step: 3, file: 7))
      #expect(!logged.insert(step: 1, file: 7) && logged.insert(step: 1, file: 8) && !logged.insert(step: 1, file: 8))
    }
  }
}
