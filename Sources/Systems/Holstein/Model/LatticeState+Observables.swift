extension LatticeState {
  /// Δρ = (1/L) Σ s_i n_i with s = [−1, +1, −1, …]: the charge-density-wave order of the electrons.
  public var deltaRho: Double { staggered { density($0) } }

  /// ΔQ = (1/L) Σ s_i Q_i: the same order of the lattice.
  public var deltaQ: Double { staggered { values[qStart + $0] } }

  /// Tr ρ, the number of electrons.
  public var particleNumber: Double { (0..<sites).reduce(0) { $0 + density($1) } }

  /// Largest |ρ_ab − conj ρ_ba|.
  public var hermiticityDefect: Double {
    var largest = 0.0
    values.withUnsafeBufferPointer { rho in
      for a in 0..<sites {
        for b in a..<sites {
          let upper = 2 * (a * sites + b)
          let lower = 2 * (b * sites + a)
          let re = rho[upper] - rho[lower]
          let im = rho[upper + 1] + rho[lower + 1]
          largest = max(largest, (re * re + im * im).squareRoot())
        }
      }
    }
    return largest
  }

  /// Tr ρ²: L/2 for a Slater determinant at half filling.
  public var purity: Double { values[..<qStart].reduce(0) { $0 + $1 * $1 } }

  /// Mean of Re ρ_{i,i+1}: the bond order.
  public var bondOrder: Double {
    (0..<sites).reduce(0) { $0 + values[2 * ($1 * sites + ($1 + 1) % sites)] } / Double(sites)
  }

  /// The energy that the equations of motion conserve, and its parts:
  /// E = Σ K₀/(2η) (P² + Q²) + Re Tr(H ρ) + g n̄ Σ Q.
  public func energyParts(_ parameters: HolsteinParameters) -> (lattice: Double, hopping: Double, coupling: Double) {
    let stiffness = parameters.k0 / (2 * parameters.eta)
    var parts = (lattice: 0.0, hopping: 0.0, coupling: 0.0)
    for i in 0..<sites {
      let (q, p) = (values[qStart + i], values[pStart + i])
      parts.lattice += stiffness * (p * p + q * q)
      parts.hopping -= 2 * parameters.hopping * values[2 * (i * sites + (i + 1) % sites)]
      parts.coupling +=
        (parameters.disorder?[i] ?? 0) * density(i) - parameters.coupling * q * (density(i) - parameters.filling)
    }
    return parts
  }

  /// The conserved energy; see `energyParts`.
  public func energy(_ parameters: HolsteinParameters) -> Double {
    let parts = energyParts(parameters)
    return parts.lattice + parts.hopping + parts.coupling
  }

  private func staggered(_ value: (Int) -> Double) -> Double {
    (0..<sites).reduce(0) { $0 + ($1 % 2 == 0 ? -value($1) : value($1)) } / Double(sites)
  }
}
