import Climate
import Foundation
import Learning
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Streams
@testable import Zarr

/// What a run keeps for itself, and what lies in a store beside the numbers, in files that anybody may have damaged or made:
/// each is read or refused in words, and what was read can be worked with.
@Suite("Files of our own that are damaged", .timeLimit(.minutes(15)))
struct DamagedFilesTests {
  /// Some hundreds of mutations, the same each time.
  private func mutations(_ corpus: [[UInt8]], _ words: [String], _ count: Int, _ read: ([UInt8]) throws -> Void) {
    let mutator = Mutator(corpus: corpus, words: words, seed: 11)
    var understood = 0
    for number in 0..<count {
      do {
        try read(mutator.input(number))
        understood += 1
      } catch { #expect(!"\(error)".isEmpty) }
    }
    #expect(understood > 0 && understood < count, "\(understood) of \(count) were understood")
  }

  private let jsonWords = [
    "{", "}", "[", "]", ":", ",", "\"", "null", "true", "[]", "{}", "\"%s%n%@\"", "\\ud800", "-1", "\"NaN\"",
  ]

  // MARK: - What `watch` has learnt

  private static let settings = WatchSettings(
    model: SeriesModel.Shape(lags: 2, season: 4, waves: 1, products: 2), leads: [1, 3], warmUp: 10, memory: 20)

  private func watched() throws -> WatchedColumns {
    var watched = WatchedColumns(names: ["a", "b"], Self.settings)
    try grow(&watched, 0..<60)
    return watched
  }

  private func grow(_ watched: inout WatchedColumns, _ rows: Range<Int>) throws {
    for row in rows {
      let t = Double(row)
      let values = [sin(0.7 * t) + (row > 40 ? 5 : 0), cos(0.3 * t * t)]
      let observation = Observation(
        trajectory: 0, index: row, time: Double(row), names: watched.names, values: values)
      _ = try watched.add(observation, values, node: "forecast")
    }
    _ = watched.table
  }

  private func read(_ json: Data, in folder: URL) throws -> WatchedColumns {
    let url = folder.appending(path: "forecast.json")
    try json.write(to: url)
    return try #require(try WatchedColumns.File(url).read(Self.settings, nil, node: "forecast"))
  }

  @Test("What a watch has learnt is gone on with, or refused where its parts do not fit each other")
  func watchState() async throws {
    try await withTemporaryDirectory { folder in
      let whole = try watched()
      let json = try JSONEncoder().encode(whole)
      #expect(try read(json, in: folder) == whole)
      let text = String(decoding: json, as: UTF8.self)
      for (pattern, with) in [
        (#""names":\["a","b"\]"#, #""names":["a","b","c"]"#), (#""names":\["a","b"\]"#, #""names":["a"]"#),
        (#""rows":60"#, #""rows":9223372036854775807"#), (#""rows":60"#, #""rows":-1"#),
        (#""weights":\[[^\]]*\]"#, #""weights":[]"#), (#""covariance":\[[^\]]*\]"#, #""covariance":[1,2]"#),
        (#""gain":\[[^\]]*\]"#, #""gain":[0]"#), (#""features":\[[^\]]*\]"#, #""features":[]"#),
        (#""waiting":\[\[.*?\]\]\]"#, #""waiting":[]"#), (#""oldest":[0-9]+"#, #""oldest":20000"#),
        (#""sorted":\[[^\]]*\]"#, #""sorted":[]"#), (#""capacity":[0-9]+"#, #""capacity":1"#),
        (#""every":[0-9]+"#, #""every":0"#), (#""most":[0-9]+"#, #""most":0"#),
        (#""seen":[0-9]+"#, #""seen":9223372036854775807"#), (#""judged":[0-9]+"#, #""judged":9223372036854775807"#),
        (#""scale":[-0-9.e]+"#, #""scale":0"#), (#""lags":2"#, #""lags":20000"#), (#""season":4"#, #""season":0"#),
      ] {
        let damaged = text.replacing(try Regex(pattern), with: with)
        #expect(damaged != text, "\(pattern) is not in the file")
        let error = #expect(throws: RunError.self, "\(pattern) → \(with)") {
          try read(Data(damaged.utf8), in: folder)
        }
        #expect(error.map { "\($0)".contains("start a new run") } == true, "\(pattern): \(String(describing: error))")
      }
      mutations([Array(json)], jsonWords, 400) { input in
        var kept = try read(Data(input), in: folder)
        try grow(&kept, 60..<75)
      }
    }
  }

  // MARK: - Where a run stands

  @Test("A run's state is told or refused, whatever it holds; a measure's name is no format")
  func runState() async throws {
    try await withTemporaryDirectory { folder in
      let directory = RunDirectory(folder.appending(path: "run"))
      try FileManager.default.createDirectory(at: directory.url, withIntermediateDirectories: true)
      try Data("name: a\n".utf8).write(to: directory.file("pipeline.yaml"))
      var state = RunState(pipeline: "a", phase: .running)
      state.process = .current
      (state.begun, state.started, state.updated) = (.distantPast, Date(), Date())
      (state.step, state.steps, state.loss, state.stepsPerSecond, state.secondsLeft) = (3, 7, 0.5, 1, 20)
      state.best = .init(step: 3, measure: "50 %s of %n %@", score: 0.25, words: "%@")
      state.graph = GraphSnapshot(
        nodes: [.init(name: "a", kind: "b", state: .running)],
        edges: [
          .init(
            from: "a", to: "b", delivery: "lossless",
            counters: EdgeCounters(
              depth: 1, capacity: 2, sent: 3, received: 2, dropped: 1, secondsBlocked: 3, secondsStarved: 4))
        ])
      func told(_ json: [UInt8]) throws -> String {
        try Data(json).write(to: directory.file("state.json"))
        let state = try RunState(of: directory)
        var text = state.lines(of: directory).joined(separator: "\n") + state.lines(of: directory, width: 40).joined()
        text += try state.json(whyIn: directory)
        text += "\(state.about(seed: 1, in: directory, ""))"
        return text + (try RunList(under: folder).table()) + (try RunList(under: folder).json)
      }
      #expect(try told(Array(state.json.utf8)).contains("step 3: 50 %s of %n %@ 0.25"))
      mutations([Array(state.json.utf8)], jsonWords, 250) { _ = try told($0) }
    }
  }

  @Test("A ledger of checkpoints takes in every line that it understands, with the largest numbers")
  func ledger() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "ledger.jsonl")
      let events: [CheckpointLedger.Event] = [
        .landed(step: 5, inode: 7, changed: 1, noticed: 2), .landed(step: 9, inode: 8),
        .best(step: 5, evaluator: "judge", measure: "m", score: 0.5),
        .ended(step: 5, evaluator: "judge", outcome: .evaluated, by: nil, reason: nil, began: 1, at: 2),
      ]
      let corpus = try events.map { try Array(JSONEncoder().encode($0)) }
      mutations(corpus, jsonWords + ["\"landed\":", "\"step\":", "18446744073709551615"], 400) { input in
        // With a sound number and checksum: what is damaged is what the line says.
        let lines = (corpus + [input]).enumerated().map { number, object in
          JSONLine(number: number, object: String(decoding: object.filter { $0 != 10 }, as: UTF8.self)).text + "\n"
        }
        try Data(lines.joined().utf8).write(to: url)
        let file = try CheckpointLedgerFile(url)
        let now = file.current
        _ = (now.waiting(for: "judge"), now.evaluated(by: "judge"), now.best(by: "judge"))
        _ = now.improves(on: "judge", measure: "m", score: 0.1, hysteresis: 0.1)
        try file.record(.landed(step: 11, inode: 3))
        _ = try JSONDecoder().decode(CheckpointLedger.Event.self, from: Data(input))
      }
    }
  }

  // MARK: - Stores

  @Test("A store's attributes describe a system, or its arrays alone, or are refused")
  func attributes() async throws {
    try await withTemporaryDirectory { folder in
      var corpus: [[UInt8]] = []
      var stores: [URL] = []
      for (name, size) in [("holstein", "sites=4"), ("lorenz-96", "sites=5"), ("holstein-square", "L=4")] {
        let url = folder.appending(path: "\(name).zarr")
        _ = try SimulateJob(system: name, settings: [size], trajectories: 1, seed: 1, steps: 4, every: 2, output: url)
          .run(status: TerminalStatus(isTerminal: false))
        stores.append(url)
        corpus.append(Array(try Data(contentsOf: url.appending(path: "zarr.json"))))
      }
      for (url, root) in zip(stores, corpus) {
        mutations([root], jsonWords + ["\"attributes\":", "\"g\":", "1e308"], 120) { input in
          try Data(input).write(to: url.appending(path: "zarr.json"))
          let stored = try StoredTrajectories(url)
          let frames = try stored.frames(of: 0, 0..<min(1, stored.length(0) ?? 0))
          for frame in frames {
            for observable in stored.system.observables { _ = observable.value(frame.state) }
          }
          _ = stored.system.attributes
        }
      }
    }
  }

  // MARK: - Logs that grow

  @Test("A growing log gives every line once, however it is cut into writes; cut short, rotated or replaced it goes on")
  func growing() async throws {
    try await withTemporaryDirectory { folder in
      var random = SeededRandom(5)
      let url = folder.appending(path: "log.csv")
      for round in 0..<20 {
        try? FileManager.default.removeItem(at: url)
        var follower = LineFollower(url)
        let lines = (0..<200).map { "\(round),\($0)" + String(repeating: "x", count: Int(random.next() % 40)) }
        var bytes = Array((lines.joined(separator: random.next() % 2 == 0 ? "\n" : "\n\n") + "\n").utf8)[...]
        var found: [String] = []
        var isHarmed = false
        while !bytes.isEmpty {
          let piece = bytes.prefix(1 + Int(random.next() % 300))
          bytes = bytes.dropFirst(piece.count)
          if !FileManager.default.fileExists(atPath: url.path) { try Data().write(to: url) }
          let handle = try FileHandle(forWritingTo: url)
          try handle.seekToEnd()
          try handle.write(contentsOf: Data(piece))
          try handle.close()
          if random.next() % 4 > 0 { found += try follower.read() }
          guard round >= 10 else { continue }
          isHarmed = true
          switch random.next() % 12 {
          case 0: truncate(url.path, Int(random.next() % 500))
          case 1: try? FileManager.default.moveItem(at: url, to: folder.appending(path: "old-\(random.next())"))
          case 2: try Data((0..<50).map { _ in UInt8(truncatingIfNeeded: random.next()) }).write(to: url)
          case 3: try Data("a,b\nc".utf8).write(to: url, options: .atomic)
          default: break
          }
        }
        while case let more = try follower.read(), !more.isEmpty { found += more }
        if isHarmed { #expect(found.allSatisfy { !$0.contains("\n") }) } else { #expect(found == lines) }
      }
    }
  }
}
