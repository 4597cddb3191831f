/// Neighbours and lattice energies on a periodic square lattice of L × L sites, site i = y L + x.
struct SquareLattice: Sendable, Equatable {
  let sites: Int
  var count: Int { sites * sites }

  /// Calls `body` with each site and its four neighbours: right, left, down, up.
  @inline(__always)
  func forEach(_ body: (_ site: Int, _ right: Int, _ left: Int, _ down: Int, _ up: Int) -> Void) {
    let L = sites
    for y in 0..<L {
      let (row, below, above) = (y * L, (y + 1 == L ? 0 : y + 1) * L, (y == 0 ? L - 1 : y - 1) * L)
      for x in 0..<L {
        body(row + x, row + (x + 1 == L ? 0 : x + 1), row + (x == 0 ? L - 1 : x - 1), below + x, above + x)
      }
    }
  }

  /// Σ_i k Q_i²/2 + κ Σ_bonds Q_i Q_j.
  func elasticEnergy(_ q: UnsafePointer<Double>, _ parameters: SquareParameters) -> Double {
    var (squares, bonds) = (0.0, 0.0)
    forEach { i, right, _, down, _ in
      squares += q[i] * q[i]
      bonds += q[i] * (q[right] + q[down])
    }
    return parameters.stiffness * squares / 2 + parameters.neighbourStiffness * bonds
  }

  /// F_i = g (n_i − ½) − k Q_i − κ Σ_j Q_j.
  /// - Parameters: all (count); `force` must not overlap the others.
  func force(
    _ q: UnsafePointer<Double>, density n: UnsafePointer<Double>, _ parameters: SquareParameters,
    into force: UnsafeMutablePointer<Double>
  ) {
    let (g, k, kappa) = (parameters.coupling, parameters.stiffness, parameters.neighbourStiffness)
    forEach { i, right, left, down, up in
      force[i] = g * (n[i] - 0.5) - k * q[i] - kappa * ((q[right] + q[left]) + (q[down] + q[up]))
    }
  }

  /// φ_i = (n_i − ¼ Σ_j n_j) (−1)^(x+y): ±1 in the two ideal charge-density waves.
  func orderField(density n: [Double]) -> [Double] {
    var field = n
    forEach { i, right, left, down, up in
      let difference = n[i] - 0.25 * ((n[right] + n[left]) + (n[down] + n[up]))
      field[i] = sign(i) * difference
    }
    return field
  }

  /// (−1)^(x+y).
  func sign(_ site: Int) -> Double { (site / sites + site % sites) % 2 == 0 ? 1 : -1 }
}
