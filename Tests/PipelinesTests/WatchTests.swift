import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("holstream watch: a log is forecast while it grows", .serialized)
struct WatchTests {
  private func pipeline(_ file: URL, _ change: (inout WatchPipeline) -> Void = { _ in }) throws -> String {
    var pipeline = WatchPipeline(file: file.path)
    pipeline.follows = false
    change(&pipeline)
    return try pipeline.text()
  }

  private func write(_ lines: [String], _ url: URL) throws {
    try (lines.joined(separator: "\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
  }

  private func rows(_ run: PipelineRun) throws -> [[String: Double?]] {
    try Runs.lines(run.directory.file("forecast.jsonl")).map {
      try JSONDecoder().decode([String: Double?].self, from: Data($0.utf8))
    }
  }

  private func failure(_ yaml: String, in folder: URL) async -> String {
    do {
      try await Runs.run(yaml, in: folder)
      return "nothing was wrong"
    } catch { return "\(error)" }
  }

  @Test("Sunspots: the learnt forecast is better than the season before and than persistence; every row is a line")
  func sunspots() async throws {
    try await withTemporaryDirectory { folder in
      let file = Places.data.appending(path: "series/sunspots.csv")
      let yaml = try pipeline(file) { ($0.season, $0.leads, $0.columns) = (11, "1, 3", "sunspots") }
      let (run, _) = try await Runs.run(
        yaml, in: folder.appending(path: "run"), set: ["stages.forecast.forecast.tell-every=100"])
      let rows = try rows(run)
      #expect(rows.count == 309)
      let last = try #require(rows.last)
      let (model, naive) = (try #require(last["sunspots rmse 1"]!), try #require(last["sunspots naive rmse 1"]!))
      // Standard deviation of the series: 40; of linear autoregression's error, by Yule and everybody since: about 15.
      #expect(model < 22 && model < naive, "\(model), \(naive)")
      let said = run.events.history.contains { if case .row(let row) = $0 { row.key == "sunspots" } else { false } }
      #expect(said)
    }
  }

  @Test("A watch that was stopped goes on to the same bits, and writes no row twice")
  func resumed() async throws {
    try await withTemporaryDirectory { folder in
      let lines = (0..<420).map { k -> String in
        let t = Double(k)
        let value: Double = sin(0.2 * t) + 0.1 * sin(7.7 * t * t)
        return "\(k),\(k > 270 ? value + 3 : value)"
      }
      let (whole, part) = (folder.appending(path: "whole.csv"), folder.appending(path: "part.csv"))
      let set = ["stages.forecast.forecast.tell-every=128"]
      try write(["time,x"] + lines, whole)
      let (reference, _) = try await Runs.run(pipeline(whole), in: folder.appending(path: "a"), set: set)
      try write(["time,x"] + lines.prefix(300), part)
      try await Runs.run(pipeline(part), in: folder.appending(path: "b"), set: set)
      // As after a kill: what is kept of the models is older than the log.
      let kept = folder.appending(path: "b/forecast-forecast.json")
      let short = folder.appending(path: "short.csv")
      try write(["time,x"] + lines.prefix(256), short)
      try await Runs.run(pipeline(short), in: folder.appending(path: "c"), set: set)
      try Data(contentsOf: folder.appending(path: "c/forecast-forecast.json")).write(to: kept)
      try write(["time,x"] + lines, part)
      let (resumed, _) = try await Runs.run(pipeline(part), in: folder.appending(path: "b"), set: set, resuming: true)
      func text(_ run: PipelineRun) throws -> [String] { try Runs.lines(run.directory.file("forecast.jsonl")) }
      #expect(try rows(resumed) == rows(reference) && text(resumed).count == 420)
      // Another file in its place is refused, and one that has shrunk.
      try write(["time,x"] + lines.map { $0 + "1" }, part)
      await #expect(throws: (any Error).self) {
        try await Runs.run(pipeline(part), in: folder.appending(path: "b"), set: set, resuming: true)
      }
      try write(["time,x"] + lines.prefix(20), part)
      let complaint: String
      do {
        try await Runs.run(pipeline(part), in: folder.appending(path: "b"), set: set, resuming: true)
        complaint = ""
      } catch { complaint = "\(error)" }
      #expect(complaint.contains("it has shrunk"), "\(complaint)")
    }
  }

  @Test("Constant columns, missing numbers and a change of unit have a sentence each, and the watch goes on")
  func hostile() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      let lines = (0..<330).map { k -> String in
        let t = Double(k)
        let x: Double = 5 + sin(0.3 * t) + 0.05 * sin(9.1 * t * t)
        let a = k % 97 == 5 ? "" : "\(k >= 180 ? 1000 * x : x)"
        let c = k < 3 ? "nan" : "\(cos(0.1 * t))"
        return "\(k),\(a),7,\(c)"
      }
      try write(["time,a,b,c"] + lines, file)
      let (run, _) = try await Runs.run(
        pipeline(file) { $0.lags = 3 }, in: folder.appending(path: "run"), set: ["stages.forecast.forecast.warm-up=40"])
      let messages = Runs.messages(run).joined(separator: "\n")
      #expect(messages.contains("`b` has been 7.0 in all of 40 rows"), "\(messages)")
      #expect(messages.contains("`a` has changed") && messages.contains("has its unit changed?"), "\(messages)")
      let rows = try rows(run)
      #expect(rows.count == 330 && rows.allSatisfy { $0["b alarm"] == 0 && $0["b next"]! == nil })
      #expect(rows[5]["a"]! == nil && rows.last?["c rmse 1"]! ?? 1 < 0.01)
    }
  }

  @Test("A column that is not there, too many of them, and keys that make no sense are refused in a sentence")
  func refusals() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      try write(["time,a"] + (0..<30).map { "\($0),\($0)" }, file)
      let text = try pipeline(file).replacing("model: \"linear\"", with: "columns: \"level\"\n      model: \"linear\"")
      #expect(await failure(text, in: folder.appending(path: "1")).contains("there is no column `level`"))
      let many = folder.appending(path: "many.csv")
      let names = (0..<100_000).map { "c\($0)" }.joined(separator: ",")
      try write([names, String(repeating: "1,", count: 99_999) + "1"], many)
      #expect(
        await failure(try pipeline(many), in: folder.appending(path: "2")).contains(
          "100000 columns are more than the 1000"))
      #expect(
        await failure(try pipeline(folder.appending(path: "none.csv")), in: folder.appending(path: "3")).contains(
          "does not exist"))
      let changes: [(String, (inout WatchPipeline) -> Void)] = [
        ("warm-up", { $0.lags = 60 }), ("whole numbers from 1 to 10000", { $0.leads = "1, x" }),
        ("one of linear, nvar", { $0.model = "arima" }), ("false-alarms", { $0.falseAlarms = 0 }),
        ("leads", { $0.leads = "" }),
      ]
      for (words, change) in changes {
        let overrides = words == "warm-up" ? ["stages.forecast.forecast.warm-up=100"] : []
        var complaint = "sound"
        do { _ = try PipelineDescription(text: pipeline(file, change), overrides: overrides) } catch {
          complaint = "\(error)"
        }
        #expect(complaint.contains(words), "\(words): \(complaint)")
      }
      #expect(throws: RunError.self) { try pipeline(file) { $0.alerts = ["level"] } }
    }
  }

  @Test("An alert on a score stops the run; a file that begins anew is said")
  func alerts() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log \"quoted\".csv")
      let lines = (0..<400).map { k -> String in
        let t = Double(k)
        let x: Double = k == 320 ? 99 : sin(0.3 * t) + 0.1 * sin(9.1 * t * t)
        return "\(k < 350 ? k : k - 350),\(x)"
      }
      try write(["time,x"] + lines, file)
      let yaml = try pipeline(file) { ($0.alerts, $0.alertsStop) = (["x error > 50"], true) }
      #expect(await failure(yaml, in: folder.appending(path: "1")).contains("x error is"))
      let (run, _) = try await Runs.run(pipeline(file), in: folder.appending(path: "2"))
      #expect(Runs.messages(run).contains { $0.contains("time goes back from 349.0 to 0.0 at row 351") })
    }
  }
}
