/// The Holstein chain after a quench as a vector: Re and Im of ρ_ab for a ≤ b, then Q, then P.
///
/// The distance of two vectors is the one of (ρ, Q, P) with each entry of the Hermitian half counted once.
public struct HolsteinSystem: DynamicalSystem {
  public let configuration: EnsembleConfiguration

  public init(_ configuration: EnsembleConfiguration) { self.configuration = configuration }

  public var dt: Double { configuration.dt }

  public var names: [String] {
    let L = configuration.sites
    let pairs = (0..<L).flatMap { a in (a..<L).map { "\(a),\($0)" } }
    return pairs.flatMap { ["Re rho \($0)", "Im rho \($0)"] } + (0..<L).map { "Q\($0)" } + (0..<L).map { "P\($0)" }
  }

  public var dimension: Int { configuration.sites * (configuration.sites + 3) }

  public func initialState(seed: UInt64, trajectory: Int) throws(LatticeError) -> [Double] {
    var configuration = configuration
    configuration.seed = seed
    return vector(try GroundState.initialState(configuration, trajectory: trajectory))
  }

  public func advance(_ state: inout [Double], steps: Int) {
    guard steps > 0 else { return }
    let dynamics = LatticeDynamics(
      parameters: configuration.parameters, schedule: configuration.schedule, dt: configuration.dt)
    var block = RungeKuttaBlock([lattice(state)], dynamics, stepsTaken: [0])
    block.advance(steps: [steps])
    state = vector(block.state(0))
  }

  func vector(_ state: LatticeState) -> [Double] {
    let L = state.sites
    return (0..<L).flatMap { a in state.rho[(2 * (a * L + a))..<(2 * (a + 1) * L)] } + state.q + state.p
  }

  func lattice(_ vector: [Double]) -> LatticeState {
    let L = configuration.sites
    var state = LatticeState(sites: L)
    var next = 0
    for a in 0..<L {
      for b in a..<L {
        let (upper, lower) = (2 * (a * L + b), 2 * (b * L + a))
        state.rho[lower] = vector[next]
        state.rho[lower + 1] = -vector[next + 1]
        state.rho[upper] = vector[next]
        state.rho[upper + 1] = vector[next + 1]
        next += 2
      }
    }
    state.q = Array(vector[next..<(next + L)])
    state.p = Array(vector[(next + L)...])
    return state
  }
}
