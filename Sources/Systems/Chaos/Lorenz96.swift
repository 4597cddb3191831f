public import Settings
internal import Tensors
public import Trajectories

/// Lorenz's ring of N sites, by RK4.
///
/// dx_i/dt = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + F (E. N. Lorenz, Predictability, ECMWF 1996). At N = 40, F = 8 the largest
/// Lyapunov exponent is about 1.68.
public struct Lorenz96: AutonomousSystem, Equatable {
  public static let word = "lorenz-96"
  public static let summary = "Lorenz's ring of N sites."

  public let sites: Int
  public let forcing: Double
  public var sampling: Sampling
  public let layout: StateLayout

  /// - Parameter sites: N, at least 4.
  public init(sites: Int = 40, forcing: Double = 8, dt: Double = 0.01, saveEvery: Int = 10, transient: Int = 1000) {
    precondition(sites >= 4, "Lorenz-96 needs at least 4 sites, got \(sites)")
    self.sites = sites
    self.forcing = forcing
    sampling = Sampling(dt: dt, saveEvery: saveEvery, transient: transient)
    layout = StateLayout([Field("x", shape: [sites], axes: ["site"])], domain: .ring(sites))
  }

  public init(_ section: ConfigurationSection, seed: UInt64) {
    let sampling = Sampling(section, fallback: Lorenz96().sampling)
    self.init(
      sites: section.integer("sites", default: 40, in: 4...4096, "Sites of Lorenz-96"),
      forcing: section.number("forcing", default: 8, in: -1e3...1e3, "F of Lorenz-96"))
    self.sampling = sampling
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(attributes, system: Self.word, keys: Sampling.keys.union(["sites", "forcing"]))
    self.init(sites: try reader.integer("sites", in: 4...4096), forcing: try reader.number("forcing"))
    sampling = try Sampling(reader)
    try validate()
  }

  public static func settings(for layout: StateLayout) -> [String] {
    layout.field("x").map { $0.shape.count == 1 ? ["sites=\($0.shape[0])"] : [] } ?? []
  }

  public var parameters: [String: Attribute] { ["sites": .number(Double(sites)), "forcing": .number(forcing)] }

  public func validate() throws(SystemError) {
    try SystemError.check(Double(sites), in: 4...4096, "sites")
    try SystemError.check(forcing, in: -1e3...1e3, "forcing")
  }

  public var observables: [Observable] {
    let n = Double(sites)
    return [
      Observable("x[0]", symbol: "x₀") { $0.values[0] },
      Observable("energy", symbol: "½⟨x²⟩") { $0.values.reduce(0) { $0 + $1 * $1 } / (2 * n) },
      Observable("mean", symbol: "⟨x⟩") { $0.values.reduce(0, +) / n },
    ]
  }

  /// Sites also by the names that earlier versions' streams had: `x0`, `x1`, …
  public var allObservables: [Observable] {
    observables + (0..<sites).map { site in Observable("x\(site)", symbol: "x[\(site)]") { $0.values[site] } }
  }

  /// A turn by one site, which generates all turns.
  public var symmetries: [Permutation] {
    [Permutation("translation", source: (0..<sites).map { ($0 + 1) % sites })]
  }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    return (0..<sites).map { _ in forcing + random.normal() }
  }

  public func derivative(_ x: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>) {
    let n = sites
    let forcing = forcing
    rate[0] = (x[1] - x[n - 2]) * x[n - 1] - x[0] + forcing
    rate[1] = (x[2] - x[n - 1]) * x[0] - x[1] + forcing
    for i in 2..<(n - 1) { rate[i] = (x[i + 1] - x[i - 2]) * x[i - 1] - x[i] + forcing }
    rate[n - 1] = (x[0] - x[n - 3]) * x[n - 2] - x[n - 1] + forcing
  }
}
