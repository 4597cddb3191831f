import Testing
import Trajectories

@testable import Systems

@Suite("Autonomous systems")
struct ChaosTests {
  /// The classical Runge–Kutta method, written as one reads it.
  private func plain(_ x: [Double], dt: Double, _ f: ([Double]) -> [Double]) -> [Double] {
    func moved(_ k: [Double], _ factor: Double) -> [Double] { zip(x, k).map { $0 + factor * $1 } }
    let k1 = f(x)
    let k2 = f(moved(k1, dt / 2))
    let k3 = f(moved(k2, dt / 2))
    let k4 = f(moved(k3, dt))
    return x.indices.map { x[$0] + dt / 6 * (k1[$0] + 2 * k2[$0] + 2 * k3[$0] + k4[$0]) }
  }

  @Test("Lorenz's systems have the bits of the plain method")
  func oracle() {
    let small = Lorenz63(sigma: 9, rho: 27, beta: 2.5, dt: 0.02)
    var state = small.initialState(seed: 3, trajectory: 1)
    var expected = state
    small.advance(&state, steps: 50)
    for _ in 0..<50 {
      expected = plain(expected, dt: 0.02) { s in
        [9 * (s[1] - s[0]), s[0] * (27 - s[2]) - s[1], s[0] * s[1] - 2.5 * s[2]]
      }
    }
    #expect(state == expected)
    for n in [4, 5, 40] {
      let ring = Lorenz96(sites: n, forcing: 7.5, dt: 0.02)
      var state = ring.initialState(seed: 3, trajectory: 1)
      var expected = state
      ring.advance(&state, steps: 50)
      for _ in 0..<50 {
        expected = plain(expected, dt: 0.02) { x in
          (0..<n).map { i in (x[(i + 1) % n] - x[(i + n - 2) % n]) * x[(i + n - 1) % n] - x[i] + 7.5 }
        }
      }
      #expect(state == expected, "\(n) sites")
    }
  }

  private static let systems: [any DynamicalSystem] = [
    Lorenz63(saveEvery: 8, transient: 5), Lorenz96(sites: 11, saveEvery: 4, transient: 7),
    KuramotoSivashinsky(points: 32, saveEvery: 4, transient: 3),
  ]

  @Test("A trajectory has the same bits alone, in company and on three cores, and goes on from its frames")
  func grouping() throws {
    for system in Self.systems {
      var alone = try system.ensemble(4..<5, seed: 2, workers: 1)
      var together = try system.ensemble(1..<8, seed: 2, workers: 3)
      #expect(together.trajectories == 1..<8)
      var frame: Frame?
      for index in 0..<3 {
        #expect(together.nextIndex == index)
        let frames = try together.advance()
        #expect(frames[3] == (try alone.advance()[0]), "\(system.name)")
        #expect(frames.map(\.trajectory) == Array(1..<8) && frames.allSatisfy { $0.index == index })
        frame = frames[3]
      }
      let last = try #require(frame)
      var onwards = try system.ensemble(from: [last.state], firstTime: last.time, workers: 1)
      #expect(try onwards.advance()[0].state == last.state)
      let next = try onwards.advance()[0]
      let expected = try alone.advance()[0]
      #expect(next.state == expected.state && abs(next.time - expected.time) < 1e-12)
      // Frame 0 comes after the transient.
      #expect(
        abs(last.time - 2 * system.interval - Double(system.attributes["transient"]!.integer!) * system.dt) < 1e-12)
    }
  }

  @Test("A mid-interval state is the state half way, and does not change the frames")
  func mids() throws {
    for system in Self.systems {
      var plain = try system.ensemble(0..<2, seed: 2, workers: 1)
      var withMids = try system.with(dt: system.dt, saveEvery: system.saveEvery, midInterval: true)
        .ensemble(0..<2, seed: 2, workers: 2)
      var dense = try system.with(dt: system.dt, saveEvery: system.saveEvery / 2, midInterval: false)
        .ensemble(0..<2, seed: 2, workers: 1)
      #expect(try withMids.advance() == plain.advance())
      _ = try dense.advance()
      let frames = try withMids.advance()
      #expect(frames.map(\.mid) == (try dense.advance().map { Optional($0.state) }), "\(system.name)")
      #expect(frames.map(\.state) == (try plain.advance().map(\.state)), "\(system.name)")
    }
  }
}
