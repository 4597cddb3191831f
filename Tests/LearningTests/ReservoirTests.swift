import Testing

@testable import Learning

struct ReservoirTests {
  private func filled(_ policy: Reservoir.Policy, capacity: Int = 8, arrivals: Int) throws -> Reservoir {
    var reservoir = Reservoir(policy: policy, capacity: capacity, seed: 3)
    let window = try Fixtures.window(sites: 2, steps: 4)
    for k in 0..<arrivals {
      reservoir.insert(
        try TrainingWindow(
          trajectory: k / 10, start: 4 * k, layout: Fixtures.layout(sites: 2), values: window.values,
          tendencies: window.tendencies))
    }
    return reservoir
  }

  @Test("First in, first out keeps exactly the newest windows")
  func fifo() throws {
    let reservoir = try filled(.fifo, arrivals: 21)
    #expect(reservoir.entries.map(\.arrival).sorted() == Array(13..<21))
    #expect(reservoir.report.maximumAge == 7)
    #expect(reservoir.evictedUnused == 13)
  }

  @Test("First in, random out always holds the newest, and old ones thin out gradually")
  func firstInRandomOut() throws {
    let reservoir = try filled(.firstInRandomOut, arrivals: 40)
    #expect(reservoir.count == 8)
    #expect(reservoir.entries.contains { $0.arrival == 39 })
    #expect(reservoir.report.maximumAge > 7)
  }

  @Test("Reservoir sampling holds early and late windows alike")
  func uniform() throws {
    var early = 0
    var total = 0
    let window = try Fixtures.window(sites: 2, steps: 1)
    for seed in 0..<200 {
      var reservoir = Reservoir(policy: .reservoir, capacity: 10, seed: UInt64(seed))
      for k in 0..<100 {
        reservoir.insert(
          try TrainingWindow(
            trajectory: 0, start: k, layout: Fixtures.layout(sites: 2), values: window.values, tendencies: nil))
      }
      early += reservoir.entries.count { $0.window.start < 50 }
      total += reservoir.count
    }
    // Half of 2000, with a standard deviation of 21 by the hypergeometric distribution.
    #expect(total == 2000)
    #expect(abs(early - 1000) < 85)
  }

  @Test("A batch repeats no sample while there are enough, and is the same for the same step")
  func batches() throws {
    var reservoir = try filled(.fifo, arrivals: 8)
    var twin = reservoir
    // 8 windows of 4 steps hold 24 samples of 2 steps.
    let batch = try reservoir.batch(24, steps: 2, step: 7)
    #expect(Set(batch.samples.map(\.identity)).count == 24)
    #expect(try twin.batch(24, steps: 2, step: 7) == batch)
    #expect(try twin.batch(12, steps: 2, step: 8) != twin.batch(12, steps: 2, step: 9))
    #expect(reservoir.report.usedFraction == 1)
    #expect(reservoir.report.meanUses == 3)
    #expect(try reservoir.batch(100, steps: 4, step: 9).samples.count == 100)
    #expect(throws: LearningError.self) { try reservoir.batch(1, steps: 5, step: 0) }
  }

  @Test("The age and the earlier uses of a batch's samples are known")
  func draw() throws {
    var reservoir = try filled(.fifo, capacity: 4, arrivals: 6)
    #expect(reservoir.lastDraw == nil)
    // All four windows in their one offset: ages 0 to 3, drawn for the first time and then for the second.
    _ = try reservoir.batch(4, steps: 4, step: 0)
    #expect(reservoir.lastDraw == Reservoir.Draw(age: 1.5, uses: 0))
    _ = try reservoir.batch(4, steps: 4, step: 1)
    #expect(reservoir.lastDraw == Reservoir.Draw(age: 1.5, uses: 1))
  }

  @Test("A reservoir filled again from its state gives the same batches and takes the same newcomers")
  func restore() throws {
    var reservoir = try filled(.reservoir, arrivals: 30)
    _ = try reservoir.batch(5, steps: 1, step: 0)
    let window = try Fixtures.window(sites: 2, steps: 4)
    var restored = try Reservoir(restoring: reservoir.state) { entry in
      try TrainingWindow(
        trajectory: entry.trajectory, start: entry.start, layout: Fixtures.layout(sites: 2), values: window.values,
        tendencies: window.tendencies)
    }
    #expect(restored.state == reservoir.state)
    for k in 30..<60 {
      let next = try TrainingWindow(
        trajectory: 9, start: 4 * k, layout: Fixtures.layout(sites: 2), values: window.values,
        tendencies: window.tendencies)
      #expect(restored.insert(next) == reservoir.insert(next))
      #expect(try restored.batch(5, steps: 2, step: k) == reservoir.batch(5, steps: 2, step: k))
    }
    #expect(restored.state == reservoir.state)
    #expect(throws: LearningError.self) { try Reservoir(restoring: reservoir.state) { _ in window } }
  }

  @Test("Replay fills the share of the batch that was asked for")
  func replay() throws {
    var live = try filled(.fifo, arrivals: 8)
    var stored = Reservoir(policy: .fifo, capacity: 4, seed: 4)
    stored.insert(try Fixtures.window(trajectory: 77, sites: 2, steps: 4))
    let batch = try live.batch(8, steps: 1, step: 0, replay: &stored, fraction: 0.25)
    #expect(batch.samples.count { $0.window.trajectory == 77 } == 2)
    #expect(batch.samples.count == 8)
  }
}
