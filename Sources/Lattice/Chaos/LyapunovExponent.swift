#if canImport(Glibc)
  import Glibc
#endif

/// The largest Lyapunov exponent by two trajectories of which the second is pulled back again and again.
///
/// λ = ⟨ln(|δ(T)|/|δ(0)|)⟩/T over many stretches of length T (G. Benettin, L. Galgani and J.-M. Strelcyn, Phys. Rev. A 14
/// (1976) 2338). Not for time-dependent systems: every stretch starts the system's clock anew.
public struct LyapunovExponent: Sendable, Equatable {
  /// 1/time.
  public let value: Double
  /// From the scatter of ten blocks of stretches.
  public let standardError: Double
  /// λ of the stretches so far, for looking at its convergence.
  public let convergence: [Double]

  /// - Parameters:
  ///   - system: What advances.
  ///   - start: A state on the attractor; see `transient`.
  ///   - stretches: How often the perturbation is measured, at least 10.
  ///   - steps: Steps of a stretch.
  ///   - distance: Size of the perturbation, small against the attractor and large against round-off.
  ///   - transient: Stretches before counting begins, in which the perturbation turns to the fastest direction.
  public static func largest(
    of system: some DynamicalSystem, from start: [Double], stretches: Int, steps: Int, distance: Double = 1e-7,
    transient: Int = 20
  ) -> LyapunovExponent {
    precondition(stretches >= 10 && steps >= 1 && distance > 0, "a Lyapunov exponent needs 10 stretches of a step")
    var x = start
    // Any direction will do: it turns by itself. The same number everywhere would conserve what should grow.
    var y = x.indices.map { x[$0] + distance * sin(Double($0) + 1) }
    var logarithms: [Double] = []
    for stretch in 0..<(transient + stretches) {
      let before = norm(x, y)
      system.advance(&x, steps: steps)
      system.advance(&y, steps: steps)
      let after = norm(x, y)
      if stretch >= transient { logarithms.append(log(after / before)) }
      for i in x.indices { y[i] = x[i] + distance / after * (y[i] - x[i]) }
    }
    let time = Double(steps) * system.dt
    var sum = 0.0
    let convergence = logarithms.enumerated().map { index, value in
      sum += value
      return sum / (Double(index + 1) * time)
    }
    let blocks = (0..<10).map { block in
      let range = (block * stretches / 10)..<((block + 1) * stretches / 10)
      return logarithms[range].reduce(0, +) / (Double(range.count) * time)
    }
    let mean = blocks.reduce(0, +) / 10
    let scatter = blocks.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return LyapunovExponent(
      value: convergence.last!, standardError: (scatter / 90).squareRoot(), convergence: convergence)
  }

  private static func norm(_ x: [Double], _ y: [Double]) -> Double {
    zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }
}
