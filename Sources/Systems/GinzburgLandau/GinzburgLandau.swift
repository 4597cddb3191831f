internal import Foundation
public import Settings
internal import Tensors
public import Trajectories

/// Model A, the time-dependent Ginzburg–Landau equation of a non-conserved scalar order parameter, on a periodic square
/// lattice: the phase-field description of domains that grow (S. M. Allen and J. W. Cahn, Acta Metall. 27, 1085 (1979)).
///
/// ∂φ/∂t = −Γ δF/δφ + η, F = ∫ [K |∇φ|²/2 + (a/4)(φ² − φ₀²)²] d²x, ⟨η η⟩ = 2 Γ T δδ. The Laplacian is the five-point
/// one; a step is Heun's, which with this noise has errors of second order. Walls are φ₀ tanh(x φ₀ √(a/2K)), and without
/// noise a curved one moves by −Γ K times its curvature, so that ξ grows as t^½.
public struct GinzburgLandau: AutonomousSystem, Equatable {
  public static let word = "tdgl"
  public static let summary = "Model A, the time-dependent Ginzburg–Landau equation, on a square lattice."

  /// What the equation has for constants; lengths are in the unit of `spacing`.
  public struct Constants: Sendable, Equatable {
    /// Γ, K, a, φ₀ and T.
    public var mobility = 1.0, stiffness = 1.0, depth = 1.0, amplitude = 1.0, temperature = 0.0
    /// Distance of neighbouring sites.
    public var spacing = 1.0
    /// Standard deviation of the first φ, normal and uncorrelated about 0.
    public var initialDeviation = 0.1

    public init() {}
  }

  /// L, sites along an edge.
  public let sites: Int
  public let constants: Constants
  public var sampling: Sampling
  public let layout: StateLayout
  public let noiseSeed: UInt64

  public static let mostSites = 1024
  private static let fallback = Sampling(dt: 0.1, saveEvery: 10, transient: 0)

  /// - Throws: `SystemError` naming the value and what it should be.
  public init(
    sites: Int = 64, _ constants: Constants = Constants(), dt: Double = 0.1, saveEvery: Int = 10, noiseSeed: UInt64 = 1
  ) throws(SystemError) {
    self.init(sites, constants, Sampling(dt: dt, saveEvery: saveEvery, transient: 0), noiseSeed)
    try sampling.validate()
    try validate()
  }

  private init(_ sites: Int, _ constants: Constants, _ sampling: Sampling, _ noiseSeed: UInt64) {
    self.sites = sites
    self.constants = constants
    self.sampling = sampling
    self.noiseSeed = noiseSeed
    layout = StateLayout(
      [Field("phi", shape: [sites, sites], axes: ["y", "x"], symbol: "φ")], domain: .square(sites, sites))
  }

  public init(_ section: ConfigurationSection, seed: UInt64) {
    let sampling = Sampling(section, fallback: Self.fallback)
    let sites = section.integer(
      "sites", default: 64, in: 4...Self.mostSites, "Sites L along an edge; the lattice has L²")
    let edge = section.optionalInteger("L", in: 4...Self.mostSites, "The same as `sites`")
    if let edge, section.has("sites"), edge != sites {
      section.problem("`L` and `sites` are the same and have two values, \(edge) and \(sites); give one", key: "L")
    }
    var c = Constants()
    c.mobility = section.number("mobility", default: 1, "Mobility Γ")
    c.stiffness = section.number("stiffness", default: 1, "K of the gradient's energy")
    c.depth = section.number("depth", default: 1, "a of the double well")
    c.amplitude = section.number("amplitude", default: 1, "φ₀, where the wells are")
    c.temperature = section.number("temperature", default: 0, "k_B T of the noise; 0 for none")
    c.spacing = section.number("spacing", default: 1, "Distance of neighbouring sites")
    c.initialDeviation = section.number("initial-deviation", default: 0.1, "Standard deviation of the first φ")
    self.init(edge ?? sites, c, sampling, seed)
    if !isSound(in: section) { self.init(64, Constants(), Self.fallback, seed) }
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(
      attributes, system: Self.word,
      keys: Sampling.keys.union([
        "sites", "mobility", "stiffness", "depth", "amplitude", "temperature", "spacing", "initial_deviation",
        "noise_seed",
      ]))
    guard let seed = try reader.value("noise_seed").text.flatMap({ UInt64($0) }) else {
      throw reader.fail("noise_seed", "should be a whole number in quotes")
    }
    var c = Constants()
    c.mobility = try reader.number("mobility")
    c.stiffness = try reader.number("stiffness")
    c.depth = try reader.number("depth")
    c.amplitude = try reader.number("amplitude")
    c.temperature = try reader.number("temperature")
    c.spacing = try reader.number("spacing")
    c.initialDeviation = try reader.number("initial_deviation")
    self.init(try reader.integer("sites", in: 4...Self.mostSites), c, try Sampling(reader), seed)
    try validate()
  }

  public static func settings(for layout: StateLayout) -> [String] {
    guard let shape = layout.field("phi")?.shape, shape.count == 2, shape[0] == shape[1] else { return [] }
    return ["sites=\(shape[0])"]
  }

  public var parameters: [String: Attribute] {
    [
      "sites": .number(Double(sites)), "mobility": .number(constants.mobility),
      "stiffness": .number(constants.stiffness), "depth": .number(constants.depth),
      "amplitude": .number(constants.amplitude), "temperature": .number(constants.temperature),
      "spacing": .number(constants.spacing), "initial_deviation": .number(constants.initialDeviation),
      "noise_seed": .text(String(noiseSeed)),
    ]
  }

  public func validate() throws(SystemError) {
    let c = constants
    try SystemError.check(Double(sites), in: 4...Double(Self.mostSites), "sites")
    try SystemError.check(c.mobility, in: 1e-6...1e6, "mobility")
    try SystemError.check(c.stiffness, in: 0...1e6, "stiffness")
    try SystemError.check(c.depth, in: 0...1e6, "depth")
    try SystemError.check(c.amplitude, in: 0...1e3, "amplitude")
    try SystemError.check(c.temperature, in: 0...1e3, "temperature")
    try SystemError.check(c.spacing, in: 1e-3...1e3, "spacing")
    try SystemError.check(c.initialDeviation, in: 0...1e3, "initial-deviation")
    let fastest = c.mobility * (8 * c.stiffness / (c.spacing * c.spacing) + 2 * c.depth * c.amplitude * c.amplitude)
    guard dt * fastest < 2 else {
      throw SystemError(
        .invalidParameter,
        "the time step must be below \(2 / fastest), where the shortest waves become unstable; got \(dt)", key: "dt")
    }
  }

  public var observables: [Observable] {
    let n = Double(sites * sites)
    return [
      Observable("order", symbol: "|⟨φ⟩|") { abs($0.values.reduce(0, +)) / n },
      Observable("localOrder", symbol: "⟨|φ|⟩") { $0.values.reduce(0) { $0 + abs($1) } / n },
      Observable("freeEnergy", symbol: "F/L²") { freeEnergy($0.values) / n },
    ]
  }

  /// φ is +φ₀ and −φ₀ in its domains.
  public var siteSeries: [SiteSeries] { [SiteSeries("phi", symbol: "φ", isOrder: true, values: \.values)] }

  /// A turn by one site along x, the lattice's rotation and mirror, and φ → −φ.
  public var symmetries: [Permutation] {
    SquarePermutation.generators(sites: sites, fields: 1)
      + [Permutation("inversion", source: Array(0..<layout.count), signs: [Bool](repeating: true, count: layout.count))]
  }

  /// F, with the same differences as the equation has, so that −∂F/∂φ_i is its right-hand side over Γ (and the spacing's
  /// square).
  func freeEnergy(_ phi: [Double]) -> Double {
    let (L, c) = (sites, constants)
    var (gradient, wells) = (0.0, 0.0)
    for y in 0..<L {
      for x in 0..<L {
        let u = phi[y * L + x]
        let (right, down) = (phi[y * L + (x + 1) % L] - u, phi[(y + 1) % L * L + x] - u)
        gradient += right * right + down * down
        let well = u * u - c.amplitude * c.amplitude
        wells += well * well
      }
    }
    return c.stiffness / 2 * gradient + c.depth / 4 * wells * c.spacing * c.spacing
  }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    return (0..<layout.count).map { _ in constants.initialDeviation * random.normal() }
  }

  public func derivative(_ u: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>) {
    let (L, c) = (sites, constants)
    let (diffusion, growth) = (c.mobility * c.stiffness / (c.spacing * c.spacing), c.mobility * c.depth)
    let level = c.amplitude * c.amplitude
    for y in 0..<L {
      let (row, up, down) = (u + y * L, u + (y == 0 ? L - 1 : y - 1) * L, u + (y + 1 == L ? 0 : y + 1) * L)
      @inline(__always) func site(_ x: Int, _ left: Int, _ right: Int) {
        let phi = row[x]
        let sum = (row[left] + row[right]) + (up[x] + down[x])
        rate[y * L + x] = diffusion * (sum - 4 * phi) - growth * phi * (phi * phi - level)
      }
      site(0, L - 1, 1)
      for x in 1..<(L - 1) { site(x, x - 1, x + 1) }
      site(L - 1, L - 2, 0)
    }
  }

  /// With the noise of trajectory 0 from time 0 on.
  public func advance(_ u: UnsafeMutablePointer<Double>, steps: Int) {
    advance(u, steps: steps, at: NoisePlace(seed: noiseSeed, trajectory: 0, step: 0))
  }

  /// Heun's method; the noise of a step is a function of its place alone.
  public func advance(_ u: UnsafeMutablePointer<Double>, steps: Int, at place: NoisePlace) {
    guard steps > 0 else { return }
    let (n, dt, c) = (layout.count, dt, constants)
    let kick = (2 * c.mobility * c.temperature * dt).squareRoot() / c.spacing
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 4 * n) { workspace in
      workspace.initialize(repeating: 0)
      let k1 = workspace.baseAddress!
      let (k2, moved, noise) = (k1 + n, k1 + 2 * n, k1 + 3 * n)
      for step in 0..<steps {
        if kick > 0 {
          var random = place.random(after: step)
          for i in 0..<n { noise[i] = kick * random.normal() }
        }
        derivative(u, k1)
        for i in 0..<n { moved[i] = u[i] + dt * k1[i] + noise[i] }
        derivative(moved, k2)
        for i in 0..<n { u[i] += dt / 2 * (k1[i] + k2[i]) + noise[i] }
      }
    }
  }
}
