internal import CKernels

/// The density of each site from three steps of the recursion method: the cheap, local theory that learning on the fly
/// begins with.
///
/// Lanczos' vectors from a site are the site, its neighbours and the thirteen sites within two hops, so that all
/// coefficients have a closed form: a₀ = ε₀, b₁² = 4t², a₁ = ⟨ε_j⟩, b₂² = Σ_j (ε_j − a₁)²/4 + 5t²,
/// a₂ = [Σ_j (ε_j − a₁)² ε_j/4 + t² Σ_diagonal ε + t²/4 Σ_straight ε]/b₂² with the sums over the four neighbours j, the four
/// diagonal ones and the four straight ones two hops away (R. Haydock, V. Heine and M. J. Kelly, J. Phys. C 5, 2845
/// (1972)). The continued fraction ends there.
struct SiteRecursion: Sendable {
  private static let lanes = HOLSTREAM_SQUARE_LANES
  private static let levels = 3
  let count: Int
  /// (groups, 3, 8).
  private let diagonal: [Double]
  private let squares: [Double]
  /// Mean energies of the four neighbours, the diagonal and the straight ones two hops away; (N) each.
  let near: [Double]
  let diagonals: [Double]
  let straights: [Double]

  init(_ problem: ElectronProblem) {
    let (n, L, t2) = (problem.count, problem.lattice.sites, problem.hopping * problem.hopping)
    let lanes = Int(Self.lanes)
    let groups = (n + lanes - 1) / lanes
    var diagonal = [Double](repeating: 1, count: groups * Self.levels * lanes)
    var squares = [Double](repeating: 0, count: groups * Self.levels * lanes)
    var (near, diagonals, straights) = (
      [Double](repeating: 0, count: n), [Double](repeating: 0, count: n), [Double](repeating: 0, count: n)
    )
    problem.onsite.withUnsafeBufferPointer { e in
      for y in 0..<L {
        let (row, up, down) = (y * L, (y == 0 ? L - 1 : y - 1) * L, (y + 1 == L ? 0 : y + 1) * L)
        let (up2, down2) = ((y + L - 2) % L * L, (y + 2) % L * L)
        for x in 0..<L {
          let (left, right) = (x == 0 ? L - 1 : x - 1, x + 1 == L ? 0 : x + 1)
          let (left2, right2) = ((x + L - 2) % L, (x + 2) % L)
          let i = row + x
          let (e1, e2, e3, e4) = (e[row + right], e[row + left], e[down + x], e[up + x])
          let a1 = ((e1 + e2) + (e3 + e4)) / 4
          let (d1, d2, d3, d4) = (e1 - a1, e2 - a1, e3 - a1, e4 - a1)
          let spread = ((d1 * d1 + d2 * d2) + (d3 * d3 + d4 * d4)) / 4
          let cubes = ((d1 * d1 * e1 + d2 * d2 * e2) + (d3 * d3 * e3 + d4 * d4 * e4)) / 4
          let corner = (e[up + left] + e[up + right]) + (e[down + left] + e[down + right])
          let straight = (e[row + left2] + e[row + right2]) + (e[up2 + x] + e[down2 + x])
          let b2 = spread * t2 + 5 * t2 * t2
          let place = i / lanes * Self.levels * lanes + i % lanes
          diagonal[place] = e[i]
          diagonal[place + lanes] = a1
          // Without hopping the site is alone, and what is behind b = 0 does not count.
          diagonal[place + 2 * lanes] = b2 > 0 ? (t2 * cubes + t2 * t2 * (corner + straight / 4)) / b2 : a1
          squares[place] = 4 * t2
          squares[place + lanes] = t2 > 0 ? b2 / t2 : 0
          near[i] = a1
          diagonals[i] = corner / 4
          straights[i] = straight / 4
        }
      }
    }
    count = n
    self.diagonal = diagonal
    self.squares = squares
    (self.near, self.diagonals, self.straights) = (near, diagonals, straights)
  }

  /// n_i and dn_i/dμ, (N) each.
  func density(_ mu: Double, _ poles: FermiPoles) -> (density: [Double], slope: [Double]) {
    let lanes = Int(Self.lanes)
    let groups = diagonal.count / (Self.levels * lanes)
    var slope = [Double](repeating: 0, count: groups * lanes)
    let density = [Double](unsafeUninitializedCapacity: groups * lanes) { density, filled in
      slope.withUnsafeMutableBufferPointer { slope in
        diagonal.withUnsafeBufferPointer { diagonal in
          squares.withUnsafeBufferPointer { squares in
            for group in 0..<groups {
              let start = group * Self.levels * lanes
              holstream_window_density(
                Self.levels, diagonal.baseAddress! + start, squares.baseAddress! + start, mu, poles.heights.count,
                poles.heights, poles.weights, density.baseAddress! + group * lanes, slope.baseAddress! + group * lanes)
            }
          }
        }
      }
      filled = groups * lanes
    }
    return (Array(density.prefix(count)), Array(slope.prefix(count)))
  }
}
