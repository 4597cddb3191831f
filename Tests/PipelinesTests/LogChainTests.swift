import Climate
import Foundation
import Learning
import Streams
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("A log that another program writes, through the whole chain", .serialized)
struct LogChainTests {
  private func log(_ rows: Range<Int>, header: String = "time,a,b", to url: URL) throws {
    let lines = rows.map { "\(0.25 * Double($0)),\(3 + sin(0.3 * Double($0))),\(100 * cos(0.3 * Double($0)))" }
    try Data(([header] + lines + [""]).joined(separator: "\n").utf8).write(to: url)
  }

  private func yaml(_ log: URL, columns: String = "a, b", from: String = "states") -> String {
    """
    name: logged
    sources:
      log: { tail: { path: \(log.path), follow: false } }
    stages:
      states: { from: log, states: { columns: "\(columns)", standardise: 40 } }
    sinks:
      store: { from: \(from), zarr: { path: s.zarr, chunk: 16 } }
      lines: { from: states, jsonl: states.jsonl }
    """
  }

  @Test("A time is a number or a date, with or without fraction and zone; any other text is refused by name")
  func times() throws {
    for (text, seconds) in [
      ("1e3", 1000), ("-5", -5), ("2001-09-09T01:46:40Z", 1e9), ("2001-09-09 01:46:40", 1e9),
      ("2001-09-09T03:46:40+02:00", 1e9), ("2001-09-09 03:46:40+0200", 1e9), ("2001-09-09T01:46:40.25Z", 1e9 + 0.25),
      ("2001-09-09 01:46:40.500", 1e9 + 0.5), ("2001-09-09T01:46:40", 1e9), ("2001-09-09", 999_993_600),
      ("1970-01-01", 0), ("2024-02-29", 1_709_164_800),
    ] as [(String, Double)] {
      #expect(LogTime.seconds(text).map { abs($0 - seconds) < 1e-3 } == true, "\(text)")
    }
    for text in [
      "", "noon", "2023-02-29", "2001-9-09x", "2001-13-09", "2001-13-09T01:46:40Z", "2001-09-09T01:46:40Z tomorrow",
      "01:46:40",
    ] {
      #expect(LogTime.seconds(text) == nil, "\(text)")
    }
    var parser = ObservationParser(isCSV: true, columns: nil, trajectory: "trajectory", time: "time")
    #expect(try parser.parse("time,x") == .header)
    for (line, time) in [("2001-09-09T01:46:40Z,1", 1e9), ("2001-09-09T01:47:40Z,2", 1e9 + 60)] {
      guard case .observation(let row) = try parser.parse(line) else {
        Issue.record("\(line) was refused")
        continue
      }
      #expect(row.time == time && row.names == ["x"])
    }
    guard case .refused(let why) = try parser.parse("noon,3") else {
      Issue.record("noon was taken")
      return
    }
    #expect(why.contains("`noon`"))
  }

  @Test("Becomes states in a store that knows its columns' own units, replays, and goes on where the log does")
  func store() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      try log(0..<60, to: file)
      let (run, _) = try await Runs.run(yaml(file), in: folder.appending(path: "run"))
      let url = run.directory.file("s.zarr")
      let stored = try StoredTrajectories(url)
      #expect(stored.system is LoggedSystem && stored.interval == 0.25 && stored.length(0) == 60)
      #expect(stored.layout.fields.map(\.name) == ["a", "b"])
      let frames = try stored.frames(of: 0, 0..<60)
      for (k, observable) in stored.system.observables.enumerated() {
        let expected = (0..<60).map { k == 0 ? 3 + sin(0.3 * Double($0)) : 100 * cos(0.3 * Double($0)) }
        #expect(zip(frames, expected).allSatisfy { abs(observable.value($0.state) - $1) < 1e-9 })
      }
      let spread = frames.prefix(40).reduce(0) { $0 + $1.state.values[1] * $1.state.values[1] } / 40
      #expect(abs(spread - 1) < 1e-9, "a standard deviation of one")
      // The log has grown, and the run goes on.
      try log(0..<90, to: file)
      try await Runs.run(yaml(file), in: folder.appending(path: "run"), resuming: true)
      let grown = try StoredTrajectories(url)
      #expect(grown.length(0) == 90 && grown.trajectories == 1)
      #expect(try grown.frames(of: 0, 0..<60) == frames)
      let (whole, _) = try await Runs.run(yaml(file), in: folder.appending(path: "whole"))
      #expect(
        try StoredTrajectories(whole.directory.file("s.zarr")).frames(of: 0, 0..<90) == grown.frames(of: 0, 0..<90))
      let (again, _) = try await Runs.run(
        """
        name: again
        sources:
          store: { replay: { path: \(url.path) } }
        sinks:
          copy: { from: store, zarr: { path: s.zarr, chunk: 16 } }
        """, in: folder.appending(path: "again"))
      let copy = try StoredTrajectories(again.directory.file("s.zarr"))
      #expect(
        copy.system is LoggedSystem
          && copy.system.attributes["standardisation"] == grown.system.attributes["standardisation"])
      #expect(try copy.frames(of: 0, 0..<90) == grown.frames(of: 0, 0..<90))
    }
  }

  @Test(
    "A column cannot lead out of the store", arguments: ["../../x", "/tmp/x", ".hidden", "a\\\\b", "time", "length"],
    ["log", "states"])
  func names(column: String, from: String) async throws {
    // The time of the log is no column of its observables.
    guard !(column == "time" && from == "log") else { return }
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      try log(0..<60, header: "when,\(column.replacing("\\\\", with: "\\")),b", to: file)
      let run = folder.appending(path: "deep/run")
      let error = await #expect(throws: (any Error).self) {
        try await Runs.run(
          yaml(file, columns: "\(column), b", from: from).replacing("follow: false", with: "follow: false, time: when"),
          in: run)
      }
      let cause = (error as? NodeError)?.cause
      #expect((cause as? StoreError)?.code == .unsupported, "\(error.map { "\($0)" } ?? "")")
      #expect("\(error.map { "\($0)" } ?? "")".contains("an array cannot be called"))
      #expect(error.flatMap { ExitStatus(for: $0) } == .badInput)
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      #expect(!left.contains { $0.hasSuffix("x") || $0.contains(".zarr/") || $0.contains("hidden") }, "\(left)")
    }
  }

  /// A judge of checkpoints by a log that has no rows yet.
  private func judged(in folder: URL) throws -> (judge: CheckpointJudge, log: LoggedTrajectories) {
    let description = try PipelineDescription(
      text: """
        name: judged
        sources:
          log: { tail: { path: log.csv } }
          others: { checkpoint-watch: { path: \(folder.path) } }
        stages:
          states: { from: log, states: { columns: "a, b" } }
          evaluate: { from: others, verdict: { truth: states, horizon: 20, rollouts: 3, baseline-frames: 100, resamples: 5 } }
        sinks:
          lines: { from: evaluate, jsonl: verdicts.jsonl }
        """)
    let assembly = PipelineAssembly(
      graph: Graph(), description: description, directory: RunDirectory(folder), events: EventHub(),
      isResuming: false)
    let log = LoggedTrajectories(["a", "b"], most: 10_000)
    assembly.register(log, as: "states", startingAt: 0)
    let stage = try #require(description.nodes.first { $0.id == "evaluate" }?.component as? VerdictStage)
    let judge = try CheckpointJudge(stage.settings, node: "evaluate", in: assembly)
    return (judge, log)
  }

  @Test("A verdict on a log begins in its newest part, and is too early before there is enough")
  func verdict() async throws {
    try await withTemporaryDirectory { folder in
      var (judge, log) = try judged(in: folder)
      func grow(_ range: Range<Int>) {
        for k in range {
          log.add(
            Frame(
              trajectory: 0, index: k, time: Double(k),
              state: State(log.layout, [sin(0.3 * Double(k)), cos(0.3 * Double(k))])))
        }
      }
      grow(0..<20)
      #expect(throws: CheckpointJudge.TooEarly.self) { try judge.verdict(on: Persistence(), name: "p", step: 0) }
      grow(20..<120)
      let first = try judge.verdict(on: Persistence(), name: "p", step: 0)
      #expect(first.frames == 20 && first.rollouts == 3 && first.observables.map(\.name) == ["a", "b"])
      grow(120..<200)
      let second = try judge.verdict(on: Persistence(), name: "p", step: 0)
      #expect(second.example["a truth"]?.first == sin(0.3 * 177), "the rolling origin has moved on")
      #expect(first.example["a truth"]?.first == sin(0.3 * 97))
    }
  }

  @Test("Standardisation is the run's: it is kept, and a log that begins with another row is refused when it goes on")
  func kept() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      try log(0..<60, to: file)
      let run = folder.appending(path: "run")
      try await Runs.run(yaml(file), in: run)
      let begun = try Data(contentsOf: run.appending(path: "standardisation-states.json"))
      let beginning = try JSONDecoder().decode(LogBeginning.self, from: begun)
      #expect(
        beginning.interval == 0.25 && beginning.time == 0
          && beginning.standardisation.columns.map(\.name) == ["a", "b"])
      // Whatever the file says now of how many rows to take, the units stay.
      try log(0..<90, to: file)
      try await Runs.run(yaml(file).replacing("standardise: 40", with: "standardise: 80"), in: run, resuming: true)
      let stored = try StoredTrajectories(run.appending(path: "s.zarr"))
      #expect(stored.length(0) == 90 && Standardisation(stored.system.attributes) == beginning.standardisation)
      let last = try stored.frames(of: 0, 89..<90)[0]
      #expect(abs(stored.system.observables[0].value(last.state) - (3 + sin(0.3 * 89))) < 1e-9)
      // The log was rotated meanwhile.
      try log(60..<140, to: file)
      let error = await #expect(throws: (any Error).self) { try await Runs.run(yaml(file), in: run, resuming: true) }
      #expect(error.map { "\($0)" }?.contains("begins with another row (time 15.0)") == true)
      #expect(error.map { "\($0)" }?.contains("rotated or replaced") == true)
      #expect(try StoredTrajectories(run.appending(path: "s.zarr")).length(0) == 90, "nothing was mixed")
      #expect(try Data(contentsOf: run.appending(path: "standardisation-states.json")) == begun)
    }
  }

  @Test("A checkpoint that came too early waits until the log is long enough", .timeLimit(.minutes(15)))
  func waits() async throws {
    try await withTemporaryDirectory { folder in
      let (judge, log) = try judged(in: folder)
      func grow(_ range: Range<Int>, of trajectory: Int = 0) {
        for k in range {
          log.add(
            Frame(
              trajectory: trajectory, index: k, time: Double(k), state: State(log.layout, [sin(0.3 * Double(k)), 1])))
        }
      }
      grow(0..<20)
      #expect(judge.waitsForTruth?.contains("21 frames") == true)
      let waited = Task {
        await judge.waitForTruth()
        return log.arrivals
      }
      grow(0..<10, of: 1)
      grow(20..<21)
      #expect(await waited.value >= 31)
      #expect(judge.waitsForTruth == nil)
    }
  }

  @Test("What is held back before a gap is learnt when a newer stretch is long enough to be judged by, and not before")
  func heldBack() {
    var held = HeldBackFrames()
    let layout = StateLayout([Field("a")])
    func add(_ trajectory: Int, _ index: Int) -> (due: [[Int]], silent: [Int]) {
      let frame = Frame(trajectory: trajectory, index: index, time: 0, state: State(layout, [0]))
      let (frames, silent) = held.add(frame, holding: 10)
      return (frames.map { [$0.trajectory, $0.index] }, silent)
    }
    let log = LoggedTrajectories(["a"], most: 1000)
    var learnt: Set<[Int]> = []
    // Two objects abreast, one of which breaks off twice; a verdict needs eight frames.
    let stream: [(Int, Int)] =
      (0..<30).flatMap { [(0, $0), (1, $0)] } + (30..<50).flatMap { [(0, $0), (2, $0 - 30)] } + (0..<9).map { (3, $0) }
      + (50..<90).map { (0, $0) } + (0..<25).map { (4, $0) }
    var released: [Int] = []
    for (trajectory, index) in stream {
      log.add(Frame(trajectory: trajectory, index: index, time: 0, state: State(layout, [0])))
      let (due, silent) = add(trajectory, index)
      learnt.formUnion(due)
      released += silent
      // The test of honesty: what a verdict would take for truth now was not learnt.
      let places = HeldOutTruth.newest(3, of: log, part: 10, horizon: 7)
      for place in places {
        for frame in place.start..<(place.start + 8) { #expect(!learnt.contains([place.trajectory, frame])) }
      }
    }
    #expect(released == [1, 2, 3, 0])
    for (trajectory, length) in [(0, 90), (1, 30), (2, 20), (3, 9)] {
      #expect((0..<length).allSatisfy { learnt.contains([trajectory, $0]) }, "all of \(trajectory)")
    }
    #expect(learnt.contains([4, 14]) && !learnt.contains([4, 15]))
  }

  @Test("The newest frames of each trajectory are not learnt from yet")
  func holdBack() throws {
    let settings = try OnlineRehearsal.settings("hold-back=10", "warm-up-frames=110")
    #expect(settings.holdBack == 10)
    var training = try OnlineRehearsal.training(settings)
    var newest: [Int: Int] = [:]
    var steps = 0
    for frame in try OnlineRehearsal.frames.get() {
      newest[frame.trajectory] = frame.index
      try training.admit(frame)
      for window in training.reservoir.windows {
        #expect(window.start + window.steps <= newest[window.trajectory]! - 10)
      }
      while training.isStepDue {
        _ = try training.step()
        steps += 1
      }
    }
    #expect(steps > 3 && !training.reservoir.windows.isEmpty)
    let ends = training.reservoir.windows.map { $0.start + $0.steps }
    #expect(ends.max()! >= 12, "and the frames before them are")
  }

  @Test("A verdict beside a trainer that holds too little back is refused with the remedy")
  func newestPart() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.csv")
      try log(0..<60, to: file)
      let text = """
        name: refused
        sources:
          log: { tail: { path: \(file.path), follow: false } }
          checkpoints: { checkpoint-watch: {} }
        stages:
          states: { from: log, states: { columns: "a, b" } }
          train: { from: states, online-trainer: { model: { family: cnn }, hold-back: 10 } }
          evaluate: { from: checkpoints, verdict: { truth: states, horizon: 20 } }
        sinks:
          lines: { from: evaluate, jsonl: verdicts.jsonl }
        """
      let error = #expect(throws: RunError.self) {
        try PipelineRun(PipelineDescription(text: text), directory: folder.appending(path: "run"), resuming: false)
      }
      #expect(error?.message.contains("say `hold-back: 40` there") == true, "\(error?.message ?? "")")
    }
  }
}
