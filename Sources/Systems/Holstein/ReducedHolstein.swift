/// The Holstein chain as a vector without redundancy: Re and Im of ρ_ab for a ≤ b, then Q, then P.
///
/// For Lyapunov spectra, whose cost grows with the vector: the distance of two vectors is the one of (ρ, Q, P) with each
/// entry of the Hermitian half counted once.
public struct ReducedHolstein: Sendable {
  public let system: HolsteinSystem

  public init(_ system: HolsteinSystem) { self.system = system }

  public var dt: Double { system.dt }

  public var names: [String] {
    let L = system.sites
    let pairs = (0..<L).flatMap { a in (a..<L).map { "\(a),\($0)" } }
    return pairs.flatMap { ["Re rho \($0)", "Im rho \($0)"] } + (0..<L).map { "Q\($0)" } + (0..<L).map { "P\($0)" }
  }

  public var dimension: Int { system.sites * (system.sites + 3) }

  /// The state of one trajectory right after the quench.
  /// - Throws: `SystemError` when there is none.
  public func initialState(seed: UInt64, trajectory: Int) throws(SystemError) -> [Double] {
    var configuration = system.configuration
    configuration.seed = seed
    return vector(try GroundState.initialState(configuration, trajectory: trajectory))
  }

  /// - Parameter time: Of the state, where a schedule changes the coupling.
  public func advance(_ vector: inout [Double], from time: Double = 0, steps: Int) {
    var values = lattice(vector).values
    system.advance(&values, from: time, steps: steps)
    vector = self.vector(LatticeState(sites: system.sites, values: values))
  }

  /// The map from a vector to the one `steps` later.
  public func stepMap(steps: Int, from time: Double = 0) -> @Sendable (inout [Double]) -> Void {
    { self.advance(&$0, from: time, steps: steps) }
  }

  public func vector(_ state: LatticeState) -> [Double] {
    let L = state.sites
    var vector: [Double] = []
    vector.reserveCapacity(dimension)
    for a in 0..<L { vector += state.values[(2 * (a * L + a))..<(2 * (a + 1) * L)] }
    vector += state.values[(2 * L * L)...]
    return vector
  }

  public func lattice(_ vector: [Double]) -> LatticeState {
    let L = system.sites
    var state = LatticeState(sites: L)
    var next = 0
    for a in 0..<L {
      for b in a..<L {
        let (upper, lower) = (2 * (a * L + b), 2 * (b * L + a))
        state.values[lower] = vector[next]
        state.values[lower + 1] = -vector[next + 1]
        state.values[upper] = vector[next]
        state.values[upper + 1] = vector[next + 1]
        next += 2
      }
    }
    state.values.replaceSubrange((2 * L * L)..., with: vector[next...])
    return state
  }
}
