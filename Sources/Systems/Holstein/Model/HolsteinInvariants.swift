public import Trajectories

/// What every frame of a Holstein chain must satisfy, and what a verdict reports of a prediction's physics.
public enum HolsteinInvariants {
  /// Of Tr ρ and of ρ's entries, per site.
  public static let tolerance = 1e-9
  /// Largest energy change per site since a trajectory's first frame, units of the hopping.
  public static let energyTolerance = 1e-4
  /// Largest |Tr ρ − n̄ L| per site: wider, because the chemical potential of a cold lattice has only so many digits.
  public static let fillingTolerance = 1e-6

  /// In the order in which frames are checked.
  /// - Parameters:
  ///   - parameters: Nil where they are not known: filling and energy are then not checked.
  ///   - conservesEnergy: False while g changes, which does work on the lattice.
  public static func list(sites: Int, parameters: HolsteinParameters?, conservesEnergy: Bool) -> [Invariant] {
    filling(sites, parameters) + [trace(sites), densities(sites), hermiticity(sites)] + extremes(sites)
      + (conservesEnergy ? energy(sites, parameters) : [])
  }

  private static func filling(_ sites: Int, _ parameters: HolsteinParameters?) -> [Invariant] {
    guard let parameters else { return [] }
    let expected = parameters.filling * Double(sites)
    return [
      Invariant(
        "filling", measure: .deviation(from: expected), limit: fillingTolerance * Double(sites), isScored: false,
        value: { LatticeState(sites: sites, values: $0.values).particleNumber }
      ) { number, _ in "Tr ρ is \(number) where the filling says \(expected)" }
    ]
  }

  private static func trace(_ sites: Int) -> Invariant {
    Invariant("trace drift", measure: .drift, limit: tolerance * Double(sites)) {
      LatticeState(sites: sites, values: $0.values).particleNumber
    } complaint: { number, start in
      "Tr ρ changed from \(start) to \(number)"
    }
  }

  /// Counts the sites out of bounds; the first one is named.
  private static func densities(_ sites: Int) -> Invariant {
    @Sendable func isOutOfBounds(_ density: Double) -> Bool { !(-tolerance...1 + tolerance).contains(density) }
    var invariant = Invariant("sites out of bounds", measure: .largest, limit: 0, isScored: false) { state in
      let lattice = LatticeState(sites: sites, values: state.values)
      return Double((0..<sites).count { isOutOfBounds(lattice.density($0)) })
    } complaint: { count, _ in
      "the density is out of bounds at \(count) sites"
    }
    invariant.explanation = { state in
      let lattice = LatticeState(sites: sites, values: state.values)
      let site = (0..<sites).first { isOutOfBounds(lattice.density($0)) } ?? 0
      return "the density at site \(site) is \(lattice.density(site))"
    }
    return invariant
  }

  private static func hermiticity(_ sites: Int) -> Invariant {
    Invariant("hermiticity defect", measure: .largest, limit: tolerance) {
      LatticeState(sites: sites, values: $0.values).hermiticityDefect
    } complaint: { defect, _ in
      "ρ is not Hermitian: \(defect)"
    }
  }

  /// Reported alone: `densities` holds frames to the same bounds.
  private static func extremes(_ sites: Int) -> [Invariant] {
    [
      Invariant("lowest density", measure: .smallest, limit: nil) { state in
        -largest(LatticeState(sites: sites, values: state.values), sign: -1)
      } complaint: { density, _ in
        "the lowest density is \(density)"
      },
      Invariant("highest density", measure: .largest, limit: nil) { state in
        largest(LatticeState(sites: sites, values: state.values), sign: 1)
      } complaint: { density, _ in
        "the highest density is \(density)"
      },
    ]
  }

  /// Of all densities times `sign`; one that is not a number is the largest.
  private static func largest(_ lattice: LatticeState, sign: Double) -> Double {
    (0..<lattice.sites).reduce(-.infinity) { largest, site in
      let density = sign * lattice.density(site)
      return density > largest || density.isNaN ? density : largest
    }
  }

  private static func energy(_ sites: Int, _ parameters: HolsteinParameters?) -> [Invariant] {
    guard let parameters else { return [] }
    return [
      Invariant("energy", unit: "t_hop", measure: .drift, limit: energyTolerance * Double(sites), isScored: false) {
        LatticeState(sites: sites, values: $0.values).energy(parameters)
      } complaint: { energy, start in
        "the energy changed from \(start) to \(energy); take a smaller time step"
      },
      Invariant("energy drift per site", unit: "t_hop", measure: .drift, limit: nil) {
        LatticeState(sites: sites, values: $0.values).energy(parameters) / Double(sites)
      } complaint: { energy, start in
        "the energy per site changed from \(start) to \(energy)"
      },
    ]
  }
}
