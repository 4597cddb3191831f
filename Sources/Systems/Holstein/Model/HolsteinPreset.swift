/// Named quenches.
public enum HolsteinPreset: String, Codable, Sendable, CaseIterable {
  /// g 0.5 → 0.8 in the published code's units: regular oscillations.
  case shallow
  /// g 0 → 1 in the published code's units: chaos.
  case deep
  /// The shallow quench with the numbers that the paper's text states: r = 0.4, λ = 1 at g = 1.
  case paperShallow = "paper-shallow"
  /// The deep quench with the numbers that the paper's text states.
  case paperDeep = "paper-deep"

  /// g before the quench.
  public var initialCoupling: Double {
    switch self {
    case .shallow, .paperShallow: 0.5
    case .deep, .paperDeep: 0
    }
  }

  /// The model after the quench.
  public var parameters: HolsteinParameters {
    switch self {
    case .shallow: HolsteinParameters(coupling: 0.8)
    case .deep: HolsteinParameters(coupling: 1)
    // r = K₀ = 0.4 and λ = η g²/(4 K₀) = 1 at g = 1 give η = 1.6.
    case .paperShallow: HolsteinParameters(coupling: 0.8, k0: 0.4, eta: 1.6)
    case .paperDeep: HolsteinParameters(coupling: 1, k0: 0.4, eta: 1.6)
    }
  }

  /// RK4 steps between saved frames.
  public var saveEvery: Int {
    switch self {
    case .shallow, .paperShallow: 64
    case .deep, .paperDeep: 256
    }
  }

  /// RK4 steps before the first saved frame.
  public var preSteps: Int {
    switch self {
    case .shallow, .paperShallow: 0
    case .deep, .paperDeep: 6400
    }
  }
}
