/// Electrons in one configuration of the lattice: H_ij = −t between neighbours, H_ii = −g Q_i.
struct ElectronProblem: Sendable, Equatable {
  let lattice: SquareLattice
  let hopping: Double
  let temperature: Double
  let ensemble: ElectronConfiguration.Ensemble
  /// H_ii, (N).
  let onsite: [Double]

  var count: Int { onsite.count }

  /// - Parameter q: (N).
  init(
    _ parameters: SquareParameters, temperature: Double, ensemble: ElectronConfiguration.Ensemble,
    q: UnsafePointer<Double>
  ) {
    lattice = SquareLattice(sites: parameters.sites)
    hopping = parameters.hopping
    self.temperature = temperature
    self.ensemble = ensemble
    let g = parameters.coupling
    onsite = [Double](unsafeUninitializedCapacity: parameters.count) { onsite, count in
      for i in 0..<parameters.count { onsite.initializeElement(at: i, to: -g * q[i]) }
      count = parameters.count
    }
  }

  /// An interval that holds all eigenvalues (Gershgorin).
  var bounds: ClosedRange<Double> {
    let (least, most) = onsite.reduce((Double.infinity, -Double.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    return (least - 4 * abs(hopping))...(most + 4 * abs(hopping))
  }

  /// Tr (H − μ)² and Tr (H − μ)⁴, the sum of the squares of (H − μ)²'s elements.
  func traces(_ mu: Double) -> (second: Double, fourth: Double) {
    var around = [Int](repeating: 0, count: 4 * count)
    lattice.forEach { i, a, b, c, d in
      for (k, j) in [a, b, c, d].enumerated() { around[4 * i + k] = j }
    }
    var (second, fourth) = (0.0, 0.0)
    // A row of (H − μ)², and where it may not be zero.
    var row = [Double](repeating: 0, count: count)
    for i in 0..<count {
      func step(from j: Int, _ value: Double) {
        row[j] += value * (onsite[j] - mu)
        for k in 0..<4 { row[around[4 * j + k]] -= value * hopping }
      }
      step(from: i, onsite[i] - mu)
      for k in 0..<4 { step(from: around[4 * i + k], -hopping) }
      second += row[i]
      for j in [i] + around[4 * i..<4 * i + 4] {
        for k in [j] + around[4 * j..<4 * j + 4] {
          fourth += row[k] * row[k]
          row[k] = 0
        }
      }
    }
    return (second, fourth)
  }

  /// In the middle of the sites' own energies, where half of them are below: a first guess of μ at half filling.
  var middle: Double {
    let sorted = onsite.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

/// The electrons in equilibrium.
struct ElectronState: Sendable, Equatable {
  /// n_i, (N).
  var density: [Double]
  /// μ.
  var chemicalPotential: Double
  /// Ω = −T Σ ln(1 + e^(−(ε − μ)/T)); nil where it was not asked for.
  var grandPotential: Double?
}

/// A way from a configuration to the electrons' density.
///
/// A pure function of the problem, to the bit: whoever goes on from a stored configuration gets the same force.
protocol ElectronSolver: Sendable {
  /// - Parameter wantsEnergy: Whether Ω is needed, too.
  /// - Throws: `SystemError` where the linear algebra fails or a number is not finite.
  func solve(_ problem: ElectronProblem, wantsEnergy: Bool) throws(SystemError) -> ElectronState
}

extension ElectronSolver {
  func check(_ problem: ElectronProblem) throws(SystemError) {
    guard problem.onsite.allSatisfy({ abs($0) < 1e100 }) else {
      throw SystemError(.invalidState, "a displacement is not finite, and so the electrons have no density")
    }
  }
}
