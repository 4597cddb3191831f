public import Settings
internal import Tensors
public import Trajectories

/// Lorenz's three equations of convection, by RK4.
///
/// dx/dt = σ (y − x), dy/dt = x (ρ − z) − y, dz/dt = x y − β z (E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130).
/// Lyapunov exponents at the standard parameters: 0.906, 0, −14.57.
public struct Lorenz63: AutonomousSystem, Equatable {
  public static let word = "lorenz-63"
  public static let summary = "Lorenz's three equations of convection."

  public var sigma: Double
  public var rho: Double
  public var beta: Double
  public var sampling: Sampling

  public init(
    sigma: Double = 10, rho: Double = 28, beta: Double = 8.0 / 3, dt: Double = 0.01, saveEvery: Int = 10,
    transient: Int = 1000
  ) {
    self.sigma = sigma
    self.rho = rho
    self.beta = beta
    sampling = Sampling(dt: dt, saveEvery: saveEvery, transient: transient)
  }

  public init(_ section: ConfigurationSection, seed: UInt64) {
    self.init()
    sampling = Sampling(section, fallback: sampling)
    sigma = section.number("sigma", default: sigma, in: 0...1e3, "σ, the Prandtl number")
    rho = section.number("rho", default: rho, in: 0...1e3, "ρ, the Rayleigh number over its critical value")
    beta = section.number("beta", default: beta, in: 0...1e3, "β, of the cells' shape")
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(
      attributes, system: Self.word, keys: Sampling.keys.union(["sigma", "rho", "beta"]))
    self.init(
      sigma: try reader.number("sigma"), rho: try reader.number("rho"), beta: try reader.number("beta"))
    sampling = try Sampling(reader)
    try validate()
  }

  public var parameters: [String: Attribute] { ["sigma": .number(sigma), "rho": .number(rho), "beta": .number(beta)] }

  public func validate() throws(SystemError) {
    try SystemError.check(sigma, in: 0...1e3, "sigma")
    try SystemError.check(rho, in: 0...1e3, "rho")
    try SystemError.check(beta, in: 0...1e3, "beta")
  }

  public var layout: StateLayout { Self.layout }
  private static let layout = StateLayout([Field("x"), Field("y"), Field("z")])

  /// x and y change sign together.
  public var symmetries: [Permutation] { [Permutation("half turn", source: [0, 1, 2], signs: [true, true, false])] }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    return [random.normal(), random.normal(), 25 + random.normal()]
  }

  public func derivative(_ u: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>) {
    rate[0] = sigma * (u[1] - u[0])
    rate[1] = u[0] * (rho - u[2]) - u[1]
    rate[2] = u[0] * u[1] - beta * u[2]
  }
}
