import Testing
import Trajectories

@testable import Systems

@Suite("Square lattices that are no longer finite")
struct SquareRecoveryTests {
  /// Electrons whose density is not a number as soon as the first displacement exceeds a limit.
  private struct Faulty: ElectronSolver {
    let limit: Double
    func solve(_ problem: ElectronProblem, wantsEnergy: Bool) throws(SystemError) -> ElectronState {
      var state = try DiagonalSolver().solve(problem, wantsEnergy: wantsEnergy)
      if problem.onsite[0] < -3.5 * limit { state.density[7] = .nan }
      return state
    }
  }

  private func ensemble(_ recovery: SquareDynamics.Recovery, limit: Double) throws -> any Ensemble {
    var system = try HolsteinSquareSystem(
      SquareParameters(sites: 4), ElectronConfiguration(engine: .diagonal),
      SquareDynamics(saveEvery: 4, noiseSeed: 3, recovery: recovery))
    system.solver = Faulty(limit: limit)
    return try system.ensemble(0..<2, seed: 3, workers: 1)
  }

  @Test("A force that is not finite loses its trajectory alone, or the trajectory goes on from its last sound frame")
  func recovery() throws {
    var sound = try ensemble(.none, limit: .infinity)
    let truth = try (0..<8).map { _ in try sound.advance() }
    let first = truth.map { $0[0].state["Q"].first! }
    // Reached after the first frame.
    let limit = first[0] + 0.3 * (first.max()! - first[0])
    try #require(first.max()! > first[0])
    var lost = try ensemble(.none, limit: limit)
    let bare = try (0..<8).map { _ in try lost.advance() }
    #expect(bare.contains { !$0[0].state.isFinite } && bare.allSatisfy { $0[1].state.isFinite })
    var saved = try ensemble(.exact, limit: limit)
    var notices: [String] = []
    for index in 0..<8 {
      let frames = try saved.advance()
      notices += saved.takeNotices()
      // Here the exact engine is the sound one, so that the trajectory is the sound one, too.
      #expect(frames[0].state == truth[index][0].state && frames[1].state == truth[index][1].state)
    }
    #expect(notices.contains { $0.contains("trajectory 0") && $0.contains("went on from time") })
  }
}
