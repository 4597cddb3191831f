import Testing
import Trajectories

@testable import Systems

@Suite("Square lattices whose forces are learned ones")
struct SquareSubstituteTests {
  private func system(_ engine: ElectronConfiguration.Engine) throws -> HolsteinSquareSystem {
    try HolsteinSquareSystem(
      SquareParameters(sites: 8),
      ElectronConfiguration(
        engine: engine, radius: 2, learning: OnTheFlySettings(targetError: 3e-2, auditShare: 0.05, retrainEvery: 2)),
      SquareDynamics(saveEvery: 5, start: .checkerboard, initialTemperature: 0.1, noiseSeed: 5))
  }

  private func frames(_ system: any DynamicalSystem, seed: UInt64) throws -> ([[Frame]], [OnTheFlyRecord]) {
    var ensemble = try system.ensemble(0..<2, seed: seed, workers: 1)
    var records: [OnTheFlyRecord] = []
    let frames = try (0..<4).map { _ in
      let frames = try ensemble.advance()
      records += ensemble.takeRecords()
      return frames
    }
    return (frames, records)
  }

  @Test("A log replays to the same bits, says the same, and does not depend on what the audit would draw now")
  func replay() throws {
    let system = try system(.onTheFly)
    let (first, log) = try frames(system, seed: 5)
    #expect(log.contains { !$0.isWhole && !$0.audited.isEmpty })
    let (again, second) = try frames(system.replaying(log.shuffled()), seed: 5)
    #expect(again == first && second == log)
    // Other sites than the lattice would choose: the log alone decides.
    var other = log
    let step = try #require(other.lastIndex { !$0.isWhole })
    other[step].audited = [3, 17]
    let (_, third) = try frames(system.replaying(other), seed: 5)
    #expect(third[step].audited == [3, 17])
  }

  @Test("A log that does not fit ends the run with what is wrong, and not with other forces")
  func unfit() throws {
    let system = try system(.onTheFly)
    let (_, log) = try frames(system, seed: 5)
    func refusal(_ log: [OnTheFlyRecord]) -> String {
      do { _ = try frames(system.replaying(log), seed: 5) } catch { return "\(error)" }
      return "nothing"
    }
    #expect(
      refusal(log.filter { $0.step != 7 || $0.trajectory != 1 }).contains("says nothing of step 7 of trajectory 1"))
    #expect(refusal(log.filter { $0.trajectory != 1 }).contains("trajectory 1"))
    var wrong = log
    wrong[3].version += 1
    #expect(refusal(wrong).contains("version"))
    let some = try #require(log.lastIndex { !$0.isWhole })
    for sites in [[1, 1], [4, 2], [64], [-1]] {
      wrong = log
      wrong[some].labelled = sites
      #expect(refusal(wrong).contains("not rising numbers below 64"))
    }
    #expect(refusal([]).contains("says nothing"))
    let error = #expect(throws: SystemError.self) { try self.system(.exact).replaying(log) }
    #expect(error?.key == "engine")
  }

  @Test(
    "A density from elsewhere moves the lattice like its own electrons, noise and all, and is kept with other steps")
  func density() throws {
    let system = try system(.exact)
    let own = try frames(system, seed: 5).0
    let learned = system.learned { q in try? system.electronState(at: q, temperature: 0.1).density }
    #expect(try frames(learned, seed: 5).0 == own)
    let half = system.learned { q in [Double](repeating: 0.5, count: q.count) }
    #expect(try frames(half, seed: 5).0.last != own.last)
    let finer = try half.with(dt: 0.05, saveEvery: 5, midInterval: false)
    #expect(try frames(finer, seed: 5).0 == frames(half, seed: 5).0)
    // Learning on the fly has nothing to learn where the density is given.
    let given = try self.system(.onTheFly).learned { q in [Double](repeating: 0.5, count: q.count) }
    let (moved, records) = try frames(given, seed: 5)
    #expect(moved.map { $0.map(\.state) } == (try frames(half, seed: 5).0.map { $0.map(\.state) }) && records.isEmpty)
  }

  @Test("Where a field has no density the trajectory is lost, and the reason is told")
  func lost() throws {
    let system = try system(.exact)
    let start = system.initialState(seed: 5, trajectory: 1)["Q"].first!
    let learned = system.learned { q in
      abs(q[0] - start) > 0.01 ? nil : try? system.electronState(at: q, temperature: 0.1).density
    }
    var ensemble = try learned.ensemble(0..<2, seed: 5, workers: 1)
    var notices: [String] = []
    for _ in 0..<4 {
      _ = try ensemble.advance()
      notices += ensemble.takeNotices()
    }
    #expect(notices.count == 2 && notices.allSatisfy { $0.contains("is lost") && $0.contains("gives no density") })
  }
}
