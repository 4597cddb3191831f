public import Trajectories

extension HolsteinSquareSystem {
  /// Without the electrons, which cost as much as a step.
  public var observables: [Observable] {
    let (n, lattice, m) = (parameters.count, lattice, parameters.mass)
    return [
      Observable("stagger", symbol: "|Q_π|") { state in
        abs((0..<n).reduce(0) { $0 + lattice.sign($1) * state.values[$1] }) / Double(n)
      },
      Observable("meanAbsQ", symbol: "⟨|Q|⟩") { state in
        (0..<n).reduce(0) { $0 + abs(state.values[$1]) } / Double(n)
      },
      Observable("kineticTemperature", symbol: "⟨P²/m⟩") { state in
        (0..<n).reduce(0) { $0 + state.values[n + $1] * state.values[n + $1] } / (Double(n) * m)
      },
    ]
  }

  /// Also what needs the electrons: they are those of the parameters' own temperature, also under a schedule.
  public var allObservables: [Observable] {
    let n = parameters.count
    return observables + [
      Observable("order", symbol: "|⟨φ⟩|") { abs(orderField(of: $0).reduce(0, +)) / Double(n) },
      Observable("localOrder", symbol: "⟨|φ|⟩") { orderField(of: $0).reduce(0) { $0 + abs($1) } / Double(n) },
      Observable("energy", symbol: "E", value: energy),
      Observable("charge", symbol: "Σn") { recentElectrons(of: $0)?.density.reduce(0, +) ?? .nan },
      Observable("chemicalPotential", symbol: "μ") { recentElectrons(of: $0)?.chemicalPotential ?? .nan },
    ]
  }

  /// φ_i = (n_i − ¼ Σ_j n_j)(−1)^(x+y); NaN where there are no electrons.
  private func orderField(of state: State<Double>) -> [Double] {
    recentElectrons(of: state).map { lattice.orderField(density: $0.density) }
      ?? [Double](repeating: .nan, count: parameters.count)
  }

  /// The energy that the lattice keeps without a bath: Σ P²/2m, springs, and the electrons' free energy, whose gradient is
  /// the force: Ω + μ N/2 (canonical) + (g/2) Σ Q.
  func energy(_ state: State<Double>) -> Double {
    guard let electrons = recentElectrons(of: state, wantsEnergy: true), let omega = electrons.grandPotential else {
      return .nan
    }
    let n = parameters.count
    return state.values.withUnsafeBufferPointer { values in
      var (kinetic, sum) = (0.0, 0.0)
      for i in 0..<n {
        kinetic += values[n + i] * values[n + i]
        sum += values[i]
      }
      let own = self.electrons.ensemble == .canonical ? electrons.chemicalPotential * Double(n) / 2 : 0
      return kinetic / (2 * parameters.mass) + lattice.elasticEnergy(values.baseAddress!, parameters) + omega + own
        + parameters.coupling / 2 * sum
    }
  }

  /// Without a bath and at one temperature the energy is kept, up to what sharp crossings of levels cost Verlet's method;
  /// the number of electrons is what the canonical ensemble says.
  public var invariants: [Invariant] {
    let n = Double(parameters.count)
    var list: [Invariant] = []
    if electrons.ensemble == .canonical {
      list.append(
        Invariant("charge", measure: .deviation(from: n / 2), limit: 1e-6 * n, isScored: false) {
          recentElectrons(of: $0)?.density.reduce(0, +) ?? .nan
        } complaint: { charge, _ in
          "there are \(charge) electrons where half filling says \(n / 2)"
        })
    }
    if parameters.friction == 0, dynamics.schedule == .constant {
      list.append(
        Invariant("energy drift per site", unit: "t", measure: .drift, limit: Self.energyTolerance) {
          energy($0) / n
        } complaint: { energy, start in
          "the energy per site changed from \(start) to \(energy); take a smaller time step"
        })
    }
    return list
  }

  /// Largest energy change per site since a trajectory's first frame, units of the hopping.
  static let energyTolerance = 0.1

  /// The electrons' density and the displacements, whose structure factors show the charge-density wave at (π, π), and φ,
  /// which is +1 and −1 in its two kinds of domains.
  public var siteSeries: [SiteSeries] {
    let n = parameters.count
    return [
      SiteSeries("density", symbol: "n") {
        recentElectrons(of: $0)?.density ?? [Double](repeating: .nan, count: n)
      },
      SiteSeries("order", symbol: "φ", isOrder: true, values: orderField),
    ] + SiteSeries.fields(of: layout)
  }

  /// A turn by one site along x and the lattice's rotation and mirror, which generate the others, and particle–hole
  /// symmetry (Q, P) → (−Q, −P).
  public var symmetries: [Permutation] {
    SquarePermutation.generators(sites: parameters.sites, fields: 2) + [
      Permutation(
        "particle-hole", source: Array(0..<layout.count), signs: [Bool](repeating: true, count: layout.count))
    ]
  }

  public var timeUnit: String { "ħ/t" }
}
