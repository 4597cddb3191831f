internal import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// States before a quench.
public enum GroundState {
  /// The electrons' density matrix in a fixed lattice: ρ = f(H(Q)), with the chemical potential that gives the filling.
  ///
  /// ρ_ab = Σ_m f_m v_m(a) v_m(b). Levels that are degenerate with the chemical potential are filled alike, so that at
  /// L = 0 mod 4 the free chain's two zero modes are half filled each: a mixed state with Tr ρ² = L/2 − 1/2.
  /// - Throws: `SystemError` when LAPACK fails.
  public static func electrons(in q: [Double], _ parameters: HolsteinParameters) throws(SystemError) -> [Double] {
    let L = q.count
    // LAPACK does not come back from what is no number.
    guard q.allSatisfy(\.isFinite) else {
      throw SystemError(.invalidState, "the electrons' state needs a lattice of finite displacements")
    }
    var h = [Double](repeating: 0, count: L * L)
    for i in 0..<L {
      h[i * L + i] = (parameters.disorder?[i] ?? 0) - parameters.coupling * q[i]
      h[i * L + (i + 1) % L] -= parameters.hopping
      h[((i + 1) % L) * L + i] -= parameters.hopping
    }
    let eigen = try SymmetricEigen(h, size: L)
    let occupation = occupations(
      eigen.values, electrons: parameters.filling * Double(L), thermalEnergy: parameters.thermalEnergy)
    var rho = [Double](repeating: 0, count: 2 * L * L)
    for m in 0..<L where occupation[m] > 0 {
      for a in 0..<L {
        let weight = occupation[m] * eigen.vectors[m * L + a]
        for b in 0..<L { rho[2 * (a * L + b)] += weight * eigen.vectors[m * L + b] }
      }
    }
    return rho
  }

  /// Fermi occupations f((ε − μ)/kT) with μ found by bisection, so that they sum to `electrons`.
  static func occupations(_ levels: [Double], electrons: Double, thermalEnergy: Double) -> [Double] {
    func fermi(_ x: Double) -> Double { x > 40 ? 0 : x < -40 ? 1 : 1 / (1 + exp(x)) }
    var low = levels[0] - 50 * thermalEnergy - 1
    var high = levels[levels.count - 1] + 50 * thermalEnergy + 1
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let count = levels.reduce(0) { $0 + fermi(($1 - middle) / thermalEnergy) }
      if count < electrons { low = middle } else { high = middle }
    }
    let mu = (low + high) / 2
    return levels.map { fermi(($0 - mu) / thermalEnergy) }
  }

  /// The self-consistent charge-density-wave state: Q_i = η g (n_i − n̄)/K₀ with ρ = f(H(Q)), P = 0.
  ///
  /// - Parameter sign: Sign of Δρ; with +1 the odd sites (counted from 0) carry more charge.
  /// - Throws: `SystemError.notConverged` when the largest change of Q stays above 10⁻¹⁴ of its scale, max(1, η g/K₀).
  public static func chargeDensityWave(sites: Int, parameters: HolsteinParameters, sign: Int = 1) throws(SystemError)
    -> LatticeState
  {
    let pull = parameters.eta * parameters.coupling / parameters.k0
    var q = (0..<sites).map { ($0 % 2 == 0 ? -0.25 : 0.25) * Double(sign) * pull }
    var mixing = 1.0
    var lastChange = Double.infinity
    for _ in 0..<5000 {
      let rho = try electrons(in: q, parameters)
      let next = (0..<sites).map { pull * (rho[2 * ($0 * sites + $0)] - parameters.filling) }
      let change = zip(q, next).map { abs($0 - $1) }.max() ?? 0
      // A cycle that does not shrink is damped; the convergence test is on the undamped change.
      if change > lastChange { mixing = max(0.1, mixing * 0.7) }
      lastChange = change
      for i in 0..<sites { q[i] += mixing * (next[i] - q[i]) }
      if change < 1e-14 * max(1, pull) {
        return LatticeState(rho: try electrons(in: q, parameters), q: q, p: Array(repeating: 0, count: sites))
      }
    }
    throw SystemError(
      .notConverged,
      "the self-consistent charge-density wave for L = \(sites), g = \(parameters.coupling) did not converge (last change of Q \(lastChange)); raise kT or change g"
    )
  }

  /// The state of one trajectory right after the quench; see `initialStates`.
  /// - Throws: `SystemError`.
  public static func initialState(_ configuration: EnsembleConfiguration, trajectory: Int) throws(SystemError)
    -> LatticeState
  {
    try initialStates(configuration, trajectories: trajectory..<(trajectory + 1))[0]
  }

  /// The states of trajectories right after the quench.
  ///
  /// The ground state at g_i, with Gaussian noise on Q (and P, as the published code does) from (seed, trajectory), and the
  /// electrons' state in the noisy lattice, still at g_i.
  /// - Throws: `SystemError`.
  static func initialStates(_ configuration: EnsembleConfiguration, trajectories: Range<Int>) throws(SystemError)
    -> [LatticeState]
  {
    var before = configuration.parameters
    before.coupling = configuration.initialCoupling
    let ground =
      configuration.initialCoupling == 0
      ? LatticeState(sites: configuration.sites) : try chargeDensityWave(sites: configuration.sites, parameters: before)
    var states: [LatticeState] = []
    for trajectory in trajectories {
      var random = CounterRandom(seed: configuration.seed, purpose: .initialState, trajectory: UInt64(trajectory))
      var state = ground
      for i in state.q.indices { state.q[i] += configuration.noise * random.normal() }
      if configuration.noiseOnMomenta {
        for i in state.p.indices { state.p[i] += configuration.noise * random.normal() }
      }
      state.rho = try electrons(in: state.q, before)
      states.append(state)
    }
    return states
  }
}
