/// The square-lattice Holstein model and its heat bath. Units: the hopping's of the published work, t = ħ = k_B = 1.
public struct SquareParameters: Sendable, Equatable {
  /// L, sites along an edge; N = L² sites, numbered i = y L + x, periodic.
  public var sites: Int
  /// g: the energy of an electron on site i is −g Q_i.
  public var coupling: Double
  /// k: the springs' energy is ½ k Q².
  public var stiffness: Double
  /// κ: neighbours' energy is κ Q_i Q_j for each bond; above 0 they prefer to move against each other.
  public var neighbourStiffness: Double
  /// m: dQ/dt = P / m.
  public var mass: Double
  /// t: the hopping between neighbours is −t.
  public var hopping: Double
  /// k_B T of the bath and of the electrons.
  public var temperature: Double
  /// γ: a rate, dP/dt = F − γ P + ξ; 0 for an isolated lattice.
  public var friction: Double

  public init(
    sites: Int = 16, coupling: Double = 3.5, stiffness: Double = 1, neighbourStiffness: Double = 0.18,
    mass: Double = 5, hopping: Double = 1, temperature: Double = 0.1, friction: Double = 0.2
  ) {
    self.sites = sites
    self.coupling = coupling
    self.stiffness = stiffness
    self.neighbourStiffness = neighbourStiffness
    self.mass = mass
    self.hopping = hopping
    self.temperature = temperature
    self.friction = friction
  }

  /// N = L².
  public var count: Int { sites * sites }
  /// The stiffness of the checkerboard, the softest mode for κ > 0.
  public var checkerboardStiffness: Double { stiffness - 4 * neighbourStiffness }
  /// |Q| of the ideal checkerboard, where every electron sits on one sublattice.
  public var checkerboardDisplacement: Double { abs(coupling) / 2 / checkerboardStiffness }

  /// The coldest electrons whose occupations are computed.
  public static let coldest = 1e-4
  public static let mostSites = 1024

  /// - Throws: `SystemError` naming the value and what it should be.
  public func validate() throws(SystemError) {
    func check(_ isSound: Bool, _ key: String, _ message: @autoclosure () -> String) throws(SystemError) {
      guard isSound else { throw SystemError(.invalidParameter, message(), key: key) }
    }
    try check(
      sites >= 4 && sites % 2 == 0 && sites <= Self.mostSites, "sites",
      "the edge of the lattice must be even, from 4 to \(Self.mostSites) sites (half filling on two sublattices), got \(sites)"
    )
    try check(
      stiffness > 0 && stiffness <= 1e6, "k", "the springs need a stiffness k above 0 and at most 1e6, got \(stiffness)"
    )
    try check(
      abs(neighbourStiffness) < stiffness / 4, "kappa",
      "|κ| must be less than k/4 = \(stiffness / 4), or the lattice has a mode without restoring force; got \(neighbourStiffness)"
    )
    try check(mass >= 1e-6 && mass <= 1e9, "m", "the mass must be from 1e-6 to 1e9, got \(mass)")
    try check(abs(coupling) <= 1e3, "g", "the coupling must be a number of at most 1000, got \(coupling)")
    try check(abs(hopping) <= 1e3, "t", "the hopping must be a number of at most 1000, got \(hopping)")
    try check(
      temperature >= Self.coldest && temperature <= 1e3, "temperature",
      "the temperature must be above 0, from \(Self.coldest) to 1000, got \(temperature)")
    try check(friction >= 0 && friction <= 1e6, "gamma", "the friction γ must be from 0 to 1e6, got \(friction)")
  }
}
