#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One lattice on its way: displacements, momenta, and the force at the displacements.
///
/// A step is a function of (Q, P), its number and its random numbers alone, so that a stored state goes on to the same bits.
struct LangevinTrajectory: Sendable {
  private(set) var q: [Double]
  private(set) var p: [Double]
  /// At `q` and the time of `step`.
  private(set) var force: [Double]
  /// Steps since time 0.
  private(set) var step: Int

  private let system: HolsteinSquareSystem
  /// What learns the force, where the engine is such.
  private var field: OnTheFlyField?
  /// Whether forces are the exact engine's, whatever the system's own.
  private var isRecovering = false
  /// Why the last force could not be computed, and is not a number; nil where it was.
  private(set) var failure: SystemError?

  /// - Parameters: seed, trajectory: Of what learning on the fly draws at random.
  init(_ system: HolsteinSquareSystem, q: [Double], p: [Double], step: Int, seed: UInt64, trajectory: Int) {
    self.system = system
    self.q = q
    self.p = p
    self.step = step
    force = []
    field = system.onTheFlyField(seed: seed, trajectory: trajectory)
    force = solveForce(temperature: system.temperature(atStep: step))
  }

  /// At `q` and `step`; not a number where it cannot be computed.
  private mutating func solveForce(temperature: Double) -> [Double] {
    do throws(SystemError) {
      failure = nil
      return system.force(at: q, by: try electrons(temperature))
    } catch {
      failure = error
      return [Double](repeating: .nan, count: q.count)
    }
  }

  private mutating func electrons(_ temperature: Double) throws(SystemError) -> ElectronState {
    if isRecovering {
      let solver = ElectronConfiguration(engine: .exact).solver(sites: system.parameters.sites)
      return try solver.solve(system.problem(at: q, temperature: temperature), wantsEnergy: false)
    }
    guard field != nil else { return try system.electronState(at: q, temperature: temperature) }
    return try field!.solve(
      system.problem(at: q, temperature: temperature), coupling: system.parameters.coupling, step: step)
  }

  /// Whether forces are learned as an earlier log says.
  var isReplaying: Bool { field?.isReplaying ?? false }

  /// What learning on the fly did since the last call; nothing with other engines.
  mutating func takeRecords() -> [OnTheFlyRecord] { field?.takeRecords() ?? [] }

  /// From here on with forces of the exact engine, the one at `q` included.
  mutating func beginRecovery() {
    isRecovering = true
    force = solveForce(temperature: system.temperature(atStep: step))
  }

  /// Back to the system's own engine, from the next force on.
  mutating func endRecovery() { isRecovering = false }

  var isFinite: Bool { q.allSatisfy(\.isFinite) && p.allSatisfy(\.isFinite) && force.allSatisfy(\.isFinite) }

  /// - Parameter noise: Independent normal numbers, (N); not read where there is no friction.
  mutating func advance(noise: UnsafePointer<Double>) {
    let system = system
    let (m, dt) = (system.parameters.mass, system.dynamics.dt)
    let n = q.count
    func kick(_ tau: Double, _ p: inout [Double], _ force: [Double]) { for i in 0..<n { p[i] += tau * force[i] } }
    func drift(_ tau: Double, _ q: inout [Double], _ p: [Double]) { for i in 0..<n { q[i] += tau / m * p[i] } }
    func bath(_ temperature: Double, _ p: inout [Double]) {
      guard system.parameters.friction > 0 else { return }
      let a = exp(-system.parameters.friction * dt)
      let b = ((1 - a * a) * m * temperature).squareRoot()
      for i in 0..<n { p[i] = a * p[i] + b * noise[i] }
    }
    let end = system.temperature(atStep: step + 1)
    kick(dt / 2, &p, force)
    switch system.dynamics.integrator {
    case .verletBath:
      drift(dt, &q, p)
    case .baoab:
      drift(dt / 2, &q, p)
      bath((system.temperature(atStep: step) + end) / 2, &p)
      drift(dt / 2, &q, p)
    }
    step += 1
    force = solveForce(temperature: end)
    kick(dt / 2, &p, force)
    if system.dynamics.integrator == .verletBath { bath(end, &p) }
  }
}
