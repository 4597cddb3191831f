#if canImport(Glibc)
  import Glibc
#endif

extension LatticeState {
  /// Momentum distribution n(k) = (1/L) Σ_ab e^{ik(b−a)} ρ_ab at k = 2π m/L, m = 0 … L−1.
  public var momentumDistribution: [Double] {
    let L = sites
    // Σ over the diagonals first: Re and Im of Σ_a ρ_{a,a+d}.
    let sums = (0..<L).map { d in
      (0..<L).reduce(into: (0.0, 0.0)) { sum, a in
        sum.0 += values[2 * (a * L + (a + d) % L)]
        sum.1 += values[2 * (a * L + (a + d) % L) + 1]
      }
    }
    return (0..<L).map { m in
      (0..<L).reduce(0) { total, d in
        let angle = 2 * .pi * Double(m * d % L) / Double(L)
        return total + cos(angle) * sums[d].0 - sin(angle) * sums[d].1
      } / Double(L)
    }
  }

  /// Structure factor of the charge, |Σ_a e^{−ika} (n_a − ⟨n⟩)|²/L at k = 2π m/L, m = 0 … L−1; ⟨n⟩ over the sites.
  public var chargeStructureFactor: [Double] { structureFactor { density($0) } }

  /// The same of the displacements, |Σ_a e^{−ika} (Q_a − ⟨Q⟩)|²/L.
  public var displacementStructureFactor: [Double] { structureFactor { values[qStart + $0] } }

  private func structureFactor(_ value: (Int) -> Double) -> [Double] {
    let L = sites
    let mean = (0..<L).reduce(0) { $0 + value($1) } / Double(L)
    let deviations = (0..<L).map { value($0) - mean }
    // e^{−ika} takes L values only.
    let angles = (0..<L).map { 2 * .pi * Double($0) / Double(L) }
    let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
    return (0..<L).map { m in
      var re = 0.0
      var im = 0.0
      for a in 0..<L {
        re += cosines[m * a % L] * deviations[a]
        im -= sines[m * a % L] * deviations[a]
      }
      return (re * re + im * im) / Double(L)
    }
  }
}
