import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("Dynamics of the square lattice")
struct SquareDynamicsTests {
  private typealias Parts = (q: [Double], p: [Double])

  /// A trajectory with given noise, a frame every so many steps.
  private func path(
    _ system: HolsteinSquareSystem, from start: Parts, noise: NumPyArray?, steps: Int, every: Int
  ) -> [Parts] {
    var lattice = LangevinTrajectory(system, q: start.q, p: start.p, step: 0, seed: 1, trajectory: 0)
    var frames: [Parts] = [(lattice.q, lattice.p)]
    let silence = [Double](repeating: .nan, count: start.q.count)
    for step in 0..<steps {
      lattice.advance(noise: noise.map { $0[row: step] } ?? silence)
      if (step + 1) % every == 0 { frames.append((lattice.q, lattice.p)) }
    }
    return frames
  }

  private func expectSame(_ frames: [Parts], _ q: NumPyArray, _ p: NumPyArray, within tolerance: Double) {
    #expect(frames.count == q.shape[0])
    for (index, frame) in frames.enumerated() {
      #expect(largest(frame.q, q[row: index]) < tolerance, "Q of frame \(index)")
      #expect(largest(frame.p, p[row: index]) < tolerance, "P of frame \(index)")
    }
  }

  @Test("Velocity Verlet and both ways to couple the bath are NumPy's, with its noise")
  func trajectories() throws {
    let golden = SquareGolden.small
    let (q, p) = (try golden["verlet_Q"], try golden["verlet_P"])
    let start: Parts = (q[row: 0], p[row: 0])
    let isolated = try HolsteinSquareSystem.published(sites: 6, friction: 0)
    let frames = path(isolated, from: start, noise: nil, steps: 40, every: 4)
    expectSame(frames, q, p, within: 1e-10)
    let energies = try golden["verlet_E"].values
    for (frame, energy) in zip(frames, energies) {
      #expect(abs(isolated.energy(State(isolated.layout, frame.q + frame.p)) - energy) < 1e-8)
    }
    for (name, integrator) in [("bath", SquareDynamics.Method.verletBath), ("baoab", .baoab)] {
      var dynamics = SquareDynamics(saveEvery: 1)
      dynamics.integrator = integrator
      let system = try HolsteinSquareSystem.published(sites: 6, dynamics: dynamics)
      expectSame(
        path(system, from: start, noise: try golden["xi"], steps: 20, every: 5), try golden["\(name)_Q"],
        try golden["\(name)_P"], within: 1e-10)
    }
  }

  @Test(
    "Four hundred steps on 12 × 12 sites, and sixty with given noise, are the golden ones",
    .enabled(if: SquareGolden.large != nil))
  func large() throws {
    let golden = try #require(SquareGolden.large)
    let (q, p) = (try golden["traj_Q"], try golden["traj_P"])
    let start: Parts = (q[row: 0], p[row: 0])
    let isolated = try HolsteinSquareSystem.published(sites: 12, friction: 0)
    let frames = path(isolated, from: start, noise: nil, steps: 400, every: 4)
    // A kick of 1e-10 has grown to 2e-8 at the end.
    expectSame(frames, q, p, within: 1e-9)
    for (k, energy) in try golden["traj_E"].values.enumerated() {
      let frame = frames[10 * k]
      #expect(abs(isolated.energy(State(isolated.layout, frame.q + frame.p)) - energy) < 1e-7)
    }
    let bath = try HolsteinSquareSystem.published(sites: 12)
    expectSame(
      path(bath, from: start, noise: try golden["lang_xi"], steps: 60, every: 10), try golden["lang_Q"],
      try golden["lang_P"], within: 1e-9)
  }

  /// Time averages of P²/m and of the springs' energy per mode, without electrons.
  private func averages(_ integrator: SquareDynamics.Method, temperature: Double) throws -> (Double, Double) {
    var dynamics = SquareDynamics(dt: 0.1, saveEvery: 10, start: .zero, keepsForce: false)
    dynamics.integrator = integrator
    let system = try HolsteinSquareSystem(
      SquareParameters(sites: 8, coupling: 0, mass: 2, temperature: temperature, friction: 0.5),
      ElectronConfiguration(), dynamics)
    var ensemble = try system.ensemble(0..<4, seed: 3, workers: 1)
    for _ in 0..<50 { _ = try ensemble.advance() }
    var (kinetic, potential) = (0.0, 0.0)
    for _ in 0..<1000 {
      for frame in try ensemble.advance() {
        kinetic += frame.state["P"].reduce(0) { $0 + $1 * $1 } / 2 / 64 / 4000
        potential += 2 * system.lattice.elasticEnergy(Array(frame.state["Q"]), system.parameters) / 64 / 4000
      }
    }
    return (kinetic, potential)
  }

  @Test(
    "Equipartition: ⟨P²/m⟩ and twice the springs' energy per site are T", arguments: SquareDynamics.Method.allCases)
  func equipartition(integrator: SquareDynamics.Method) throws {
    let (kinetic, potential) = try averages(integrator, temperature: 0.7)
    // Of some 64 · 4 · 200 independent numbers: six standard deviations.
    #expect(abs(kinetic / 0.7 - 1) < 0.03)
    #expect(abs(potential / 0.7 - 1) < 0.03)
  }

  @Test("Without a bath the energy error falls with the square of the step, and the uniform mode is a free oscillator")
  func isolated() throws {
    let q = try SquareGolden.small["Q"][row: 7]
    func drift(_ dt: Double) throws -> Double {
      let system = try HolsteinSquareSystem.published(
        sites: 6, friction: 0, dynamics: SquareDynamics(dt: dt, saveEvery: Int((0.4 / dt).rounded())))
      let start = State(system.layout, q + [Double](repeating: 0, count: 36))
      var ensemble = try system.ensemble(from: [start], firstTime: 0, workers: 1)
      let energies = try (0..<25).map { _ in system.energy(try ensemble.advance()[0].state) }
      return energies.map { abs($0 - energies[0]) }.max()!
    }
    let (coarse, fine) = (try drift(0.2), try drift(0.1))
    #expect(abs(coarse / fine - 4) < 0.4)
    #expect(fine < 0.05)
    // ω = √((k + 4κ)/m), as Verlet's method turns it: cos ω'dt = 1 − (ω dt)²/2.
    let system = try HolsteinSquareSystem.published(sites: 6, friction: 0, dynamics: SquareDynamics(saveEvery: 40))
    var ensemble = try system.ensemble(
      from: [State(system.layout, q + [Double](repeating: 0, count: 36))], firstTime: 0, workers: 1)
    let angle = acos(1 - 1.72 / 5 * 0.05 * 0.05 / 2)
    for frame in 0..<5 {
      let sum = try ensemble.advance()[0].state["Q"].reduce(0, +)
      #expect(abs(sum - q.reduce(0, +) * cos(angle * Double(40 * frame))) < 1e-9)
    }
  }

  @Test("A quench cools the lattice: T(t) is the bath's and the electrons', and the tendency's")
  func schedule() throws {
    var dynamics = SquareDynamics(dt: 0.1, saveEvery: 1, start: .zero)
    dynamics.schedule = .points([
      .init(time: 0, temperature: 2), .init(time: 50, temperature: 2), .init(time: 60, temperature: 0.1),
    ])
    let system = try HolsteinSquareSystem(
      SquareParameters(sites: 6, temperature: 2, friction: 1), ElectronConfiguration(), dynamics)
    #expect(system.temperature(atStep: 550) == 1.05)
    let q = try SquareGolden.small["Q"][row: 6]
    let state = State(system.layout, q + q)
    let late = try #require(system.tendency(of: state, at: 100))
    let cold = try HolsteinSquareSystem.published(sites: 6).tendency(of: state, at: 0)
    #expect(late == cold)
    #expect(system.tendency(of: state, at: 0) != cold)
    let free = try HolsteinSquareSystem(
      SquareParameters(sites: 16, coupling: 0, temperature: 2, friction: 1), ElectronConfiguration(), dynamics)
    func kinetic(_ steps: Int) -> Double {
      var values = [Double](repeating: 0, count: 512)
      free.advance(&values, from: 0, steps: steps)
      return values[256...].reduce(0) { $0 + $1 * $1 } / 5 / 256
    }
    #expect(abs(kinetic(500) - 2) < 0.5)
    #expect(kinetic(900) < 0.2)
  }
}
