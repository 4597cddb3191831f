import Foundation
import Streams
import Synchronization
import TestSupport
import Testing

@testable import Pipelines

@Suite("Logs are told")
struct TailLogsTests {
  /// What a tail prints, and the error at its end.
  private func tail(_ make: () throws -> TailJob) async throws -> (lines: [String], error: RunError?) {
    let lines = Mutex<[String]>([])
    do {
      try await make().run { line in lines.withLock { $0.append(line) } }
    } catch let error as RunError {
      return (lines.withLock { $0 }, error)
    }
    return (lines.withLock { $0 }, nil)
  }

  @Test(
    "Lines of several logs are told in the order of their steps, by the names that charts have, where it is asked for")
  func merged() async throws {
    try await withTemporaryDirectory { folder in
      try await Runs.run(SmallPipeline.yaml(), in: folder)
      let metrics = folder.appending(path: "metrics.jsonl")
      let words = try await tail { try TailJob([metrics], lines: 2) }
      #expect(words.lines.count == 2 && words.lines[1].hasPrefix("step 11  loss ") && words.error == nil)
      let fields = try await tail { try TailJob([metrics], lines: 0, conditions: ["step >= 9"], fields: ["step"]) }
      #expect(fields.lines == ["step 9", "step 10", "step 11"])
      let json = try await tail {
        try TailJob([metrics], lines: 1, fields: ["step", "report.loss.total"], json: true)
      }
      let object = try JSONDecoder().decode([String: Double].self, from: Data(json.lines[0].utf8))
      #expect(object["step"] == 11 && object.count == 2)
      let raw = try await tail { try TailJob([metrics], lines: 1, json: true) }
      #expect(try raw.lines == [#require(Runs.lines(metrics).last)])
      let both = try await tail {
        try TailJob([metrics, folder.appending(path: "verdicts.jsonl")], lines: 0, fields: ["step"])
      }
      #expect(both.lines.count == 14)
      let steps = both.lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
      #expect(steps == steps.sorted())
      #expect(both.lines.contains { $0.hasPrefix("verdicts.jsonl") && $0.hasSuffix("step 6") })
    }
  }

  @Test("A field that no line has is told with what was meant, and a condition that is none is refused")
  func misspelt() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "a.jsonl")
      let log = try JSONLinesLog(url)
      for k in 0..<3 { try log.append(["loss": Double(k), "level": .nan]) }
      for job in [try TailJob([url], conditions: ["los < 1"]), try TailJob([url], fields: ["los"])] {
        let (lines, error) = try await tail { job }
        #expect(lines.isEmpty && error?.message.contains("did you mean `loss`?") == true)
      }
      #expect(
        try await tail { try TailJob([url], conditions: ["loss < 1.5", "loss != 0"]) }.lines == ["level nan  loss 1"])
      #expect(try await tail { try TailJob([url], conditions: ["level = nan"]) }.lines.count == 3)
      #expect(try await tail { try TailJob([url], conditions: ["level < 1"]) }.lines.isEmpty)
      for text in ["loss", "< 1", "loss <", "loss < few"] {
        #expect(throws: RunError.self) { try TailJob([url], conditions: [text]) }
      }
    }
  }

  @Test("What is lost of any of several logs is counted at the end, and inspect says it as well")
  func lost() async throws {
    try await withTemporaryDirectory { folder in
      let (sound, broken) = (folder.appending(path: "a.jsonl"), folder.appending(path: "b.jsonl"))
      for url in [sound, broken] {
        let log = try JSONLinesLog(url)
        for k in 0..<6 { try log.append(["step": k]) }
      }
      var lines = try String(contentsOf: broken, encoding: .utf8).split(separator: "\n").map(String.init)
      lines.remove(at: 2)
      lines[3] = lines[3].replacing("4}", with: "5}").replacing(":4,", with: ":7,")
      try (lines.joined(separator: "\n") + "\n").write(to: broken, atomically: true, encoding: .utf8)
      let (told, error) = try await tail { try TailJob([sound, broken], lines: 0) }
      #expect(error?.message.contains("2 lines are missing, 1 fail") == true, "\(error?.message ?? "")")
      #expect(told.contains { $0.hasPrefix("b.jsonl") && $0.contains("!! lines 2 to 2 are missing") })
      let whole = try InspectJob(url: sound, verify: false, repair: false, apply: false, json: true).run()
      #expect(whole.contains("\"lines\" : 6") && whole.contains("\"missing\" : 0"))
      var answer = ""
      let damaged = #expect(throws: RunError.self) {
        try InspectJob(url: broken, verify: false, repair: false, apply: false).run { answer = $0 }
      }
      #expect(answer.contains("fail their checksum") && damaged?.message.contains("not whole") == true)
    }
  }
}
