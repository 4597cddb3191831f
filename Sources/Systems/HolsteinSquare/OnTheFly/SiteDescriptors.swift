#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers of a site's surroundings that the correction to the recursion is linear in.
///
/// All are odd under (ε − μ) → −(ε − μ), as n − ½ is, and symmetric under the lattice's point group: particle–hole symmetry
/// and the square's are kept exactly.
struct SiteDescriptors: Sendable {
  static let count = 12
  /// (N, `count`).
  private(set) var values: [Double]
  /// How far apart the guess and a cheaper one are, and how fast the density changes with μ: where both are small the guess
  /// has converged. Cheaper than the recursion is the lone site, f(ε − μ); cheaper than windows is the recursion.
  private(set) var doubt: [(difference: Double, slope: Double)]

  /// - Parameters:
  ///   - density: The guess, with its `slope` dn/dμ, (N) each.
  ///   - cheaper: What the guess is compared with, (N); the lone site when nil.
  init(
    _ problem: ElectronProblem, _ recursion: SiteRecursion, density: [Double], slope: [Double],
    cheaper: [Double]? = nil, mu: Double
  ) {
    let n = problem.count
    let width = 4 * max(abs(problem.hopping), problem.temperature)
    let temperature = problem.temperature
    var doubt: [(difference: Double, slope: Double)] = []
    doubt.reserveCapacity(n)
    values = [Double](unsafeUninitializedCapacity: n * Self.count) { values, filled in
      for i in 0..<n {
        let own = problem.onsite[i] - mu
        let less = cheaper?[i] ?? (0.5 - 0.5 * tanh(own / (2 * temperature)))
        let h = Self.saturated(own / width)
        let (a, b, c) = (
          Self.saturated((recursion.near[i] - mu) / width), Self.saturated((recursion.diagonals[i] - mu) / width),
          Self.saturated((recursion.straights[i] - mu) / width)
        )
        let p = density[i] - less
        let q = (density[i] - 0.5) * slope[i]
        let x = values.baseAddress! + i * Self.count
        x[0] = h
        x[1] = a
        x[2] = b
        x[3] = c
        x[4] = h * h * h
        x[5] = h * h * a
        x[6] = h * a * a
        x[7] = a * a * a
        x[8] = h * a * b
        x[9] = p
        x[10] = p * h * h
        x[11] = q
        doubt.append((abs(p), max(0, slope[i])))
      }
      filled = n * Self.count
    }
    self.doubt = doubt
  }

  /// Odd, monotonous, within ±1, and cheaper than a hyperbolic tangent.
  @inline(__always)
  private static func saturated(_ x: Double) -> Double { x / (1 + x * x).squareRoot() }
}
