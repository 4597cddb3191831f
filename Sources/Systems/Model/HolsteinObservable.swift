/// A number that is computed from one state; what streams of observables carry.
public enum HolsteinObservable: String, Codable, Sendable, CaseIterable {
  /// Δρ, the electrons' charge-density-wave order.
  case deltaRho
  /// ΔQ, the lattice's.
  case deltaQ
  /// The conserved energy per site, and its parts per site.
  case energy, latticeEnergy, hoppingEnergy, couplingEnergy
  /// Tr ρ.
  case particleNumber
  /// Tr ρ².
  case purity
  /// Mean of Re ρ_{i,i+1}.
  case bondOrder
  /// Structure factors of charge and displacement at k = π.
  case chargePeak, displacementPeak
  /// Largest |ρ_ab − ρ_ba*|.
  case hermiticityDefect

  public func value(of state: LatticeState, _ parameters: HolsteinParameters) -> Double {
    let sites = Double(state.sites)
    return switch self {
    case .deltaRho: state.deltaRho
    case .deltaQ: state.deltaQ
    case .energy: state.energy(parameters) / sites
    case .latticeEnergy: state.energyParts(parameters).lattice / sites
    case .hoppingEnergy: state.energyParts(parameters).hopping / sites
    case .couplingEnergy: state.energyParts(parameters).coupling / sites
    case .particleNumber: state.particleNumber
    case .purity: state.purity
    case .bondOrder: state.bondOrder
    // The alternating sum is the Fourier sum at π, where a uniform part drops out.
    case .chargePeak: sites * state.deltaRho * state.deltaRho
    case .displacementPeak: sites * state.deltaQ * state.deltaQ
    case .hermiticityDefect: state.hermiticityDefect
    }
  }
}
