public import Trajectories

/// A number that is computed from one state of a Holstein chain.
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

  public var symbol: String {
    switch self {
    case .deltaRho: "Δρ"
    case .deltaQ: "ΔQ"
    case .energy: "E/L"
    case .latticeEnergy: "E_lat/L"
    case .hoppingEnergy: "E_hop/L"
    case .couplingEnergy: "E_g/L"
    case .particleNumber: "Tr ρ"
    case .purity: "Tr ρ²"
    case .bondOrder: "B"
    case .chargePeak: "S_n(π)"
    case .displacementPeak: "S_Q(π)"
    case .hermiticityDefect: "|ρ − ρ†|"
    }
  }

  public var unit: String { needsParameters ? "t_hop" : "" }

  /// Whether it is another number for other parameters of the model.
  public var needsParameters: Bool {
    switch self {
    case .energy, .latticeEnergy, .hoppingEnergy, .couplingEnergy: true
    case .deltaRho, .deltaQ, .particleNumber, .purity, .bondOrder, .chargePeak, .displacementPeak, .hermiticityDefect:
      false
    }
  }

  /// What settings, climates and charts name it by.
  public func observable(_ parameters: HolsteinParameters) -> Observable {
    Observable(rawValue, symbol: symbol, unit: unit) { value(of: LatticeState($0), parameters) }
  }

  /// - Parameter parameters: Energies are of the model's own g, also where a schedule changes it.
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
