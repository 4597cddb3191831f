import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A pipeline file that changes while the run goes on", .timeLimit(.minutes(15)))
struct ReloadTests {
  private static let endless = Miniature.yaml(batches: 100_000)

  private func changed(_ pairs: (String, String)...) throws -> PipelineDescription {
    try PipelineDescription(text: pairs.reduce(Self.endless) { $0.replacing($1.0, with: $1.1) })
  }

  @Test("Rates, cadences and thresholds are taken over and acknowledged; anything else is refused by its name")
  func reload() async throws {
    try await withTemporaryDirectory { folder in
      let directory = folder.appending(path: "run")
      let run = try PipelineRun(PipelineDescription(text: Self.endless), directory: directory, resuming: false)
      let file = run.directory.file("pipeline.yaml")
      let begun = try Data(contentsOf: file)
      let events = run.events.events()
      let going = Task { try? await run.execute(status: TerminalStatus(isTerminal: false)) }
      let faster = try changed(
        ("batch: 4", "batch: 4\n      learning-rate: 2e-4"), ("checkpoint-every: 6", "checkpoint-every: 40"),
        ("every: 50 }", "every: 60, alert: [{ value: deltaRho mean, below: -100 }] }"))
      var asked = 0
      var told: [String] = []
      for await event in events {
        switch event {
        case .progress(let progress) where asked == 0 && progress.step > 3:
          asked = 1
          run.reload { try changed(("batch: 4", "batch: 8"), ("checkpoint-every: 6", "checkpoint-every: 40")) }
        case .message(let words):
          told.append(words)
          if words.hasPrefix("Not reloaded"), asked == 1 {
            asked = 2
            #expect(words.contains("`stages.train.online-trainer.batch` is 8, and was 4"))
            #expect(words.contains("stages.train.online-trainer.learning-rate"), "what can change is said")
            #expect(!words.contains("`stages.train.online-trainer.checkpoint-every` is 40"))
            #expect(try Data(contentsOf: file) == begun)
            run.reload { throw RunError(.badInput, "line 3 is no YAML") }
          } else if words.contains("line 3 is no YAML"), asked == 2 {
            asked = 3
            run.reload { faster }
          } else if words.hasPrefix("Reloaded:"), asked == 3 {
            asked = 4
            #expect(words.contains("`stages.train.online-trainer.checkpoint-every` is 40, and was 6"))
            #expect(words.hasSuffix("Configuration \(faster.fingerprint)."))
            #expect(try String(contentsOf: file, encoding: .utf8) == faster.text)
            run.reload { faster }
          } else if words.hasPrefix("Nothing to reload"), asked == 4 {
            asked = 5
            run.stop()
          }
        default: break
        }
        if asked == 5 { break }
      }
      _ = await going.value
      #expect(asked == 5, "\(told)")
      let at = try #require(
        told.firstMatch { $0.firstMatch(of: #/new rate from step (\d+) on/#).flatMap { Int($0.1) } })
      let state = try RunState(of: run.directory)
      #expect(state.configuration == faster.fingerprint && state.starts == 1)
      // A checkpoint of the step where the rate changed, and steps between it and the last of 40.
      let steps = CheckpointFolder(run.directory.file("checkpoints")).files.map(\.step)
      #expect(steps.contains(at) && steps.filter { $0 > at }.dropLast().allSatisfy { $0 % 40 == 0 }, "\(steps), \(at)")
      let refused = #expect(throws: RunError.self) {
        try PipelineRun(PipelineDescription(text: Self.endless), directory: directory, resuming: true)
      }
      #expect(refused?.message.contains("learning-rate` is left out, and was 2e-4") == true, "\(refused as Any)")
      // The run's own file goes on from it, and so does the one that was reloaded.
      let again = try PipelineRun(PipelineDescription(contentsOf: file), directory: directory, resuming: true)
      #expect(again.description.fingerprint == faster.fingerprint)
    }
  }
}

extension Array {
  /// The first value that `body` makes of an element.
  fileprivate func firstMatch<Result>(_ body: (Element) -> Result?) -> Result? { lazy.compactMap(body).first }
}
