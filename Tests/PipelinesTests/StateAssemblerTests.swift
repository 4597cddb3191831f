import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Pipelines

@Suite("States from the rows of a log")
struct StateAssemblerTests {
  private func row(_ time: Double, _ values: [Double], trajectory: Int = 0) -> Observation {
    Observation(trajectory: trajectory, index: 0, time: time, names: ["a", "b"], values: values)
  }

  private func frames(
    _ rows: [Observation], interval: Double? = 0.5, tolerance: Double = 0.1, standardise: Int = 0
  ) -> (frames: [Frame], assembler: StateAssembler) {
    var assembler = StateAssembler(names: ["a", "b"], interval: interval, tolerance: tolerance, rows: standardise)
    let frames = rows.flatMap { assembler.add($0) } + assembler.finish()
    return (frames, assembler)
  }

  private func places(_ frames: [Frame]) -> [[Int]] { frames.map { [$0.trajectory, $0.index] } }

  @Test("Regular rows are one trajectory with their own numbers and times")
  func regular() {
    let rows = (0..<6).map { row(0.5 * Double($0), [Double($0), -Double($0)]) }
    let (frames, assembler) = frames(rows)
    #expect(places(frames) == (0..<6).map { [0, $0] })
    #expect(frames.map(\.time) == rows.map(\.time) && frames.map(\.state.values) == rows.map(\.values))
    #expect(assembler.breaks.isEmpty && assembler.sentence == nil && assembler.trajectories == 1)
  }

  @Test(
    "What does not go on begins a new trajectory, is counted by its kind, and no number is invented",
    arguments: [
      ([0, 0.5, 2.5, 3], StateAssembler.Break.gap, [[0, 0], [0, 1], [1, 0], [1, 1]]),
      ([0, 0.5, 0.8, 1.3], .irregular, [[0, 0], [0, 1], [1, 0], [1, 1]]),
      ([0, 0.5, 0.5, 1], .backwards, [[0, 0], [0, 1], [1, 0], [1, 1]]),
      ([0, 0.5, 0.1, 0.6], .backwards, [[0, 0], [0, 1], [1, 0], [1, 1]]),
    ])
  func breaks(times: [Double], kind: StateAssembler.Break, expected: [[Int]]) {
    let rows = times.enumerated().map { row($1, [Double($0), 7]) }
    let (frames, assembler) = frames(rows)
    #expect(places(frames) == expected)
    #expect(frames.map(\.state.values) == rows.map(\.values), "nothing between the rows")
    #expect(assembler.breaks == [kind: 1])
    #expect(assembler.sentence?.contains("1 × \(kind.rawValue)") == true)
  }

  @Test("A row with a missing number is no frame, and ends its trajectory", arguments: [Double.nan, .infinity])
  func missing(value: Double) {
    let rows = (0..<5).map { row(0.5 * Double($0), [1, $0 == 2 ? value : Double($0)]) }
    let (frames, assembler) = frames(rows)
    #expect(places(frames) == [[0, 0], [0, 1], [1, 0], [1, 1]])
    #expect(frames.map(\.time) == [0, 0.5, 1.5, 2])
    #expect(assembler.breaks == [.missing: 1])
    let (none, counted) = self.frames([row(.nan, [1, 2])])
    #expect(none.isEmpty && counted.breaks == [.missing: 1])
  }

  @Test("An interval may deviate by the tolerance, and by no more")
  func tolerance() {
    #expect(
      places(frames([row(0, [1, 1]), row(0.54, [1, 1]), row(1, [1, 1])]).frames) == [[0, 0], [0, 1], [0, 2]])
    #expect(places(frames([row(0, [1, 1]), row(0.56, [1, 1])]).frames) == [[0, 0], [1, 0]])
  }

  @Test("Trajectories of the log that come mixed stay apart")
  func several() {
    var rows: [Observation] = []
    for k in 0..<4 {
      rows.append(row(0.5 * Double(k), [Double(k), 0], trajectory: 7))
      // The other one misses a row.
      if k != 2 { rows.append(row(10 + 0.5 * Double(k), [Double(k), 1], trajectory: 2)) }
    }
    let (frames, assembler) = frames(rows)
    let first = frames.filter { $0.trajectory == 0 }
    #expect(first.map(\.index) == [0, 1, 2, 3] && first.allSatisfy { $0.state.values[1] == 0 })
    #expect(frames.filter { $0.trajectory == 1 }.map(\.time) == [10, 10.5])
    #expect(frames.filter { $0.trajectory == 2 }.map(\.time) == [11.5])
    #expect(assembler.breaks == [.gap: 1])
  }

  @Test("Without an interval, it is the median of the first rows', each trajectory's own")
  func median() {
    // One gap and another trajectory far away do not move it.
    var rows = (0..<12).map { row(0.25 * Double($0) + ($0 >= 6 ? 4 : 0), [Double($0), 0]) }
    rows += (0..<8).map { row(1e6 + 0.25 * Double($0), [Double($0), 0], trajectory: 1) }
    let (frames, assembler) = frames(rows, interval: nil)
    #expect(assembler.interval == 0.25)
    #expect(frames.count == 20 && assembler.trajectories == 3 && assembler.breaks == [.gap: 1])
    // A log that ends before gets by with what there is.
    let (few, short) = self.frames((0..<3).map { row(2 * Double($0), [0, 0]) }, interval: nil)
    #expect(few.count == 3 && short.interval == 2)
    #expect(self.frames([], interval: nil).frames.isEmpty)
  }

  @Test("Each column is standardised by the first rows, once, and its observable is the column as the log has it")
  func standardisation() throws {
    let rows = (0..<12).map { row(0.5 * Double($0), [10 + 2 * Double($0 % 2), 5]) }
    var assembler = StateAssembler(names: ["a", "b"], interval: 0.5, tolerance: 0.1, rows: 8)
    #expect(rows.prefix(7).allSatisfy { assembler.add($0).isEmpty }, "no frame before the rows are there")
    var frames = assembler.add(rows[7])
    #expect(frames.count == 8)
    frames += rows[8...].flatMap { assembler.add($0) }
    let found = try #require(assembler.standardisation)
    #expect(found.columns.map(\.mean) == [11, 5] && found.columns.map(\.deviation) == [1, 1])
    #expect(frames.map { $0.state.values[0] } == (0..<12).map { $0 % 2 == 0 ? -1 : 1 })
    #expect(frames.allSatisfy { $0.state.values[1] == 0 })
    let system = LoggedSystem(["a", "b"], found)
    #expect(system.observables.map(\.name) == ["a", "b"])
    #expect(frames.map { system.observables[0].value($0.state) } == rows.map { $0.values[0] })
    #expect(Standardisation(system.attributes) == found, "a store says it")
  }

  @Test("A row without all its numbers does not spoil the means")
  func spoiled() {
    let rows = (0..<4).map { row(0.5 * Double($0), [$0 == 1 ? .nan : Double($0), 1]) }
    let (frames, assembler) = frames(rows, standardise: 4)
    #expect(assembler.standardisation?.columns[0].mean == 5.0 / 3)
    #expect(frames.count == 3 && frames.allSatisfy { $0.state.values.allSatisfy(\.isFinite) })
  }
}

@Suite("The trajectories of a log")
struct LoggedTrajectoriesTests {
  private func frame(_ trajectory: Int, _ index: Int, _ value: Double? = nil) -> Frame {
    Frame(
      trajectory: trajectory, index: index, time: Double(index),
      state: State(StateLayout([Field("a"), Field("b")]), [value ?? Double(index), Double(trajectory)]))
  }

  @Test("Keeps what it was given, and frames that came before change nothing")
  func known() throws {
    let log = LoggedTrajectories(["a", "b"], most: 1000)
    for index in 0..<20 { log.add(frame(0, index)) }
    for index in 0..<20 { log.add(frame(0, index, 99)) }
    #expect(log.length(0) == 20 && log.trajectories == 1 && log.length(1) == nil)
    #expect(try log.frames(of: 0, 3..<6) == (3..<6).map { frame(0, $0) })
    #expect(throws: RunError.self) { try log.frames(of: 0, 19..<21) }
    #expect(throws: RunError.self) { try log.frames(of: 1, 0..<1) }
  }

  @Test("Its memory is bounded: the oldest goes first, and what is gone is said to be")
  func bound() throws {
    let log = LoggedTrajectories(["a", "b"], most: 100)
    for index in 0..<500 {
      log.add(frame(0, index))
      #expect(log.kept(0)!.count <= 50 && log.kept(0)!.upperBound == index + 1 && log.length(0) == index + 1)
    }
    let kept = try #require(log.kept(0))
    #expect(kept.count >= 36)
    #expect(try log.frames(of: 0, kept) == kept.map { frame(0, $0) })
    let error = #expect(throws: RunError.self) { try log.frames(of: 0, 0..<1) }
    #expect(error?.message.contains("no longer in memory") == true)
    for index in 0..<30 { log.add(frame(1, index)) }
    #expect(log.kept(0).map { $0.upperBound == 500 && $0.count <= 20 } == true && log.kept(1) == 0..<30)
    for index in 30..<80 { log.add(frame(1, index)) }
    #expect(log.kept(0) == nil && log.trajectories == 2)
    log.add(frame(0, 499))
    #expect(log.kept(0) == nil, "what was forgotten does not come back by an earlier reading of the log")
    log.add(frame(0, 500))
    #expect(log.kept(0) == 500..<501, "but a trajectory that was silent goes on")
  }

  @Test("Of trajectories that grow abreast none is forgotten whole: the oldest frames of all go first")
  func abreast() throws {
    let log = LoggedTrajectories(["a", "b"], most: 400)
    for index in 0..<300 { for trajectory in 0..<4 { log.add(frame(trajectory, index)) } }
    for trajectory in 0..<4 {
      let kept = try #require(log.kept(trajectory))
      #expect(kept.upperBound == 300 && (36...50).contains(kept.count))
      #expect(try log.frames(of: trajectory, kept) == kept.map { frame(trajectory, $0) })
    }
    #expect(log.newest(10).map(\.trajectory) == [3, 2, 1, 0], "the one that grew last is the newest")
    log.add(frame(1, 300))
    #expect(log.newest(10).first?.trajectory == 1)
  }

  @Test("Who waits for a stretch is woken when it is long enough, and when the log ends", .timeLimit(.minutes(15)))
  func waiting() async {
    let log = LoggedTrajectories(["a", "b"], most: 1000)
    async let grown = log.grows(beyond: 0, to: 3)
    for index in 0..<3 { log.add(frame(0, index)) }
    #expect(await grown)
    async let ended = log.grows(beyond: 3, to: 10)
    log.close()
    #expect(await !ended)
  }

  @Test("The newest windows are those of the newest trajectory that is long enough, in its last part")
  func newest() {
    let log = LoggedTrajectories(["a", "b"], most: 1000)
    for (trajectory, length) in [40, 60, 5].enumerated() {
      for index in 0..<length { log.add(frame(trajectory, index)) }
    }
    #expect(log.newest(11).map(\.trajectory) == [1, 0])
    let places = HeldOutTruth.newest(3, of: log, part: 30, horizon: 10)
    #expect(places.map(\.trajectory) == [1, 1, 1] && places.map(\.start) == [30, 39, 49])
    #expect(HeldOutTruth.newest(1, of: log, part: 30, horizon: 10).map(\.start) == [49])
    #expect(HeldOutTruth.newest(3, of: log, part: 11, horizon: 10).map(\.start) == [49])
    #expect(HeldOutTruth.newest(3, of: log, part: 70, horizon: 60).isEmpty)
  }

  @Test("Rollouts whose warm-up is no longer in memory begin where it is")
  func forgottenWarmUp() throws {
    let log = LoggedTrajectories(["a", "b"], most: 100)
    for index in 0..<500 { log.add(frame(0, index)) }
    let kept = try #require(log.kept(0))
    let places = HeldOutTruth.newest(4, of: log, part: 200, horizon: 10)
    let held = try HeldOutTruth(log, places, horizon: 10)
    #expect(!places.isEmpty && places.allSatisfy { $0.start >= kept.lowerBound })
    #expect(held.before.allSatisfy { $0.count == HeldOutTruth.warmUp })
  }

  @Test("Windows that the memory has forgotten come from the run's store")
  func store() async throws {
    let log = LoggedTrajectories(["a", "b"], most: 100)
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      try Runs.write(log.system, (0..<2).flatMap { t in (0..<40).map { frame(t, $0) } }, to: url)
      for t in 0..<2 { for index in 0..<40 { log.add(frame(t, index)) } }
      // Enough of the second one for the first to be forgotten.
      for index in 40..<80 { log.add(frame(1, index)) }
      let recorded = RecordedTrajectories(log, stores: [url])
      #expect(log.length(0) == nil && recorded.length(0) == 40 && recorded.length(1) == 80)
      #expect(try recorded.frames(of: 0, 4..<7) == (4..<7).map { frame(0, $0) })
    }
  }
}
