internal import CKernels
internal import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The density of each site from the open window of (2R + 1)² sites around it, at one μ for all: of order N.
///
/// What lies beyond the window is left out, which forgets little where electrons are localised: a gapped lattice to 1e-5 at
/// R = 2, but not a weak, gapless one (docs/square-lattice.md). Of each window the resolvent's element at the centre is
/// needed alone: Householder's reduction from the centre on, then a continued fraction for each pole of `FermiPoles`.
struct WindowedSolver: ElectronSolver {
  /// R.
  let radius: Int

  func solve(_ problem: ElectronProblem, wantsEnergy: Bool) throws(SystemError) -> ElectronState {
    try check(problem)
    let windows = SiteWindows(problem, radius: radius)
    let start = problem.ensemble == .canonical && radius > 1 ? SiteWindows.estimate(problem) : nil
    let found = windows.halfFilling(from: start)
    return ElectronState(
      density: found.density, chemicalPotential: found.mu,
      grandPotential: wantsEnergy ? try windows.grandPotential(found.mu, problem.temperature) : nil)
  }
}

/// H in the windows around all sites, as tridiagonal matrices from the centres on.
struct SiteWindows: Sendable {
  private static let lanes = 8
  /// Sites of a window.
  let size: Int
  let count: Int
  private let problem: ElectronProblem
  /// (groups, size, lanes).
  private let diagonal: [Double]
  private let squares: [Double]

  /// - Parameter sites: The centres; all sites when nil.
  init(_ problem: ElectronProblem, radius: Int, sites: [Int]? = nil) {
    let size = holstream_window_size(radius)
    self.size = size
    let count = sites?.count ?? problem.count
    self.count = count
    self.problem = problem
    let groups = (count + Self.lanes - 1) / Self.lanes
    let block = size * Self.lanes
    var squares = [Double](repeating: 0, count: groups * block)
    diagonal = [Double](unsafeUninitializedCapacity: groups * block) { diagonal, filled in
      squares.withUnsafeMutableBufferPointer { squares in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: holstream_window_workspace(radius)) { workspace in
          var centres = [Int](repeating: 0, count: Self.lanes)
          for group in 0..<groups {
            // Lanes behind the last site have the last once more.
            for lane in 0..<Self.lanes {
              let place = min(group * Self.lanes + lane, count - 1)
              centres[lane] = sites?[place] ?? place
            }
            holstream_window_tridiagonals(
              problem.lattice.sites, radius, problem.hopping, problem.onsite, centres,
              diagonal.baseAddress! + group * block, squares.baseAddress! + group * block, workspace.baseAddress!)
          }
        }
      }
      filled = groups * block
    }
    self.squares = squares
  }

  /// μ by the smallest windows, to a thousandth of an electron a site.
  static func estimate(_ problem: ElectronProblem) -> Double {
    SiteWindows(problem, radius: 1).halfFilling(within: 1e-3).mu
  }

  /// n_i and Σ_i dn_i/dμ at one μ.
  func density(_ mu: Double, _ poles: FermiPoles) -> (density: [Double], slope: Double) {
    let (density, slopes) = densityAndSlopes(mu, poles)
    return (density, slopes.reduce(0, +))
  }

  /// n_i and dn_i/dμ at one μ, (sites) each.
  func densityAndSlopes(_ mu: Double, _ poles: FermiPoles) -> (density: [Double], slope: [Double]) {
    let groups = diagonal.count / (size * Self.lanes)
    var slopes = [Double](repeating: 0, count: groups * Self.lanes)
    let density = [Double](unsafeUninitializedCapacity: groups * Self.lanes) { density, filled in
      slopes.withUnsafeMutableBufferPointer { slopes in
        for group in 0..<groups {
          let start = group * size * Self.lanes
          diagonal.withUnsafeBufferPointer { diagonal in
            squares.withUnsafeBufferPointer { squares in
              holstream_window_density(
                size, diagonal.baseAddress! + start, squares.baseAddress! + start, mu, poles.heights.count,
                poles.heights, poles.weights, density.baseAddress! + group * Self.lanes,
                slopes.baseAddress! + group * Self.lanes)
            }
          }
        }
      }
      filled = groups * Self.lanes
    }
    return (Array(density.prefix(count)), Array(slopes.prefix(count)))
  }

  /// The density at half filling, its μ and Σ dn/dμ; at μ = 0 in the grand canonical ensemble.
  /// - Precondition: There is a window for each site.
  /// - Parameters: start, tolerance: Of the search for μ.
  func halfFilling(from start: Double? = nil, within tolerance: Double = 1e-12)
    -> (density: [Double], mu: Double, slope: Double)
  {
    precondition(count == problem.count, "half filling is a matter of all \(problem.count) sites, not of \(count)")
    let poles = problem.poles
    let (mu, found) = problem.halfFilling(from: start, within: tolerance) { mu in
      let found = density(mu, poles)
      return (found, found.density.reduce(0) { $0 + ($1 - 0.5) }, found.slope)
    }
    return (found.density, mu, found.slope)
  }

  /// Ω as the sum over sites of their windows' local densities of states.
  func grandPotential(_ mu: Double, _ temperature: Double) throws(SystemError) -> Double {
    var total = 0.0
    for site in 0..<count {
      let (group, lane) = site.quotientAndRemainder(dividingBy: Self.lanes)
      let start = group * size * Self.lanes + lane
      let d = (0..<size).map { diagonal[start + $0 * Self.lanes] }
      let e = (0..<(size - 1)).map { squares[start + $0 * Self.lanes].squareRoot() }
      let levels = try TridiagonalEigen(diagonal: d, beside: e)
      for (energy, weight) in zip(levels.values, levels.firstSquares) {
        total += weight * FermiLevels.grandPotential(energy - mu, temperature)
      }
    }
    return total
  }
}
