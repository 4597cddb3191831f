internal import CKernels

/// The constants of the semiclassical Holstein model, in the units of the published code (docs/physics.md): ħ = t_hop = 1.
///
/// H_{i,i±1} = −t, H_{ii} = V_i − g Q_i; dρ/dt = −i [H, ρ]; dQ/dt = K₀ P; dP/dt = η g (n − n̄) − K₀ Q.
public struct HolsteinParameters: Codable, Sendable, Equatable {
  /// Electron–phonon coupling g.
  public var coupling: Double
  /// K₀ = ħω₀: the adiabatic ratio r in units of the hopping.
  public var k0: Double
  /// η: the electrons' force on the lattice is η g.
  public var eta: Double
  /// Nearest-neighbour hopping t.
  public var hopping: Double
  /// Mean density n̄.
  public var filling: Double
  /// k_B T of the initial electrons.
  public var thermalEnergy: Double
  /// On-site energies V_i, (L); none when nil.
  public var disorder: [Double]?

  public init(
    coupling: Double, k0: Double = 0.3, eta: Double = 0.8, hopping: Double = 1, filling: Double = 0.5,
    thermalEnergy: Double = 1e-8, disorder: [Double]? = nil
  ) {
    self.coupling = coupling
    self.k0 = k0
    self.eta = eta
    self.hopping = hopping
    self.filling = filling
    self.thermalEnergy = thermalEnergy
    self.disorder = disorder
  }

  /// No lattice has larger constants.
  static let largest = 1e6
  /// It is the unit of energy; the splittings' bands grow with it.
  static let largestHopping = 100.0

  var kernel: holstein_parameters {
    holstein_parameters(hopping: hopping, coupling: coupling, k0: k0, eta: eta, filling: filling)
  }

  /// - Throws: `SystemError` for values that no lattice has.
  public func validate(sites: Int) throws(SystemError) {
    for (name, key, value) in [
      ("g", "g", coupling), ("K₀", "k0", k0), ("η", "eta", eta), ("t", "hopping", hopping),
      ("filling", "filling", filling), ("kT", "temperature", thermalEnergy),
    ] {
      // Products of a few parameters and numbers of a state must stay numbers.
      let largest = key == "hopping" ? Self.largestHopping : Self.largest
      guard value.isFinite, abs(value) <= largest else {
        throw SystemError(.invalidParameter, "\(name) must be a number of at most \(largest), got \(value)", key: key)
      }
    }
    guard k0 > 0, eta > 0, thermalEnergy > 0, filling > 0, filling < 1 else {
      throw SystemError(
        .invalidParameter, "K₀, η and kT must be positive and the filling between 0 and 1",
        key: k0 <= 0 ? "k0" : eta <= 0 ? "eta" : thermalEnergy <= 0 ? "temperature" : "filling")
    }
    if let disorder {
      guard disorder.count == sites, disorder.allSatisfy({ abs($0) <= Self.largest }) else {
        throw SystemError(
          .invalidParameter,
          "the on-site disorder needs \(sites) finite numbers, a site each; got \(disorder.count)", key: "disorder")
      }
    }
  }
}
