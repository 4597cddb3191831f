public import Settings
internal import Tensors
public import Trajectories

/// The Kuramoto–Sivashinsky equation on a ring, pseudo-spectral, by exponential time differencing of fourth order.
///
/// ∂u/∂t = −u ∂u/∂x − ∂²u/∂x² − ∂⁴u/∂x⁴, period `length` (`ExponentialDifferencing`). The products are dealiased by the
/// two-thirds rule. At length 22 the largest Lyapunov exponent is about 0.048.
public struct KuramotoSivashinsky: AutonomousSystem {
  public static let word = "kuramoto-sivashinsky"
  public static let summary = "The Kuramoto–Sivashinsky equation on a ring."

  public let length: Double
  public let points: Int
  public var sampling: Sampling {
    didSet { if sampling.dt != oldValue.dt { scheme = Self.scheme(basis, length, sampling) } }
  }
  public let layout: StateLayout
  private let basis: FourierBasis
  private var scheme: ExponentialDifferencing

  /// - Parameters:
  ///   - length: The period.
  ///   - points: Grid points, at least 8.
  public init(
    length: Double = 22, points: Int = 64, dt: Double = 0.25, saveEvery: Int = 4, transient: Int = 1000
  ) {
    precondition(points >= 8 && length > 0 && dt > 0, "Kuramoto–Sivashinsky needs 8 points, a length and a step")
    self.length = length
    self.points = points
    sampling = Sampling(dt: dt, saveEvery: saveEvery, transient: transient)
    layout = StateLayout([Field("u", shape: [points], axes: ["x"])], domain: .ring(points))
    basis = FourierBasis(points: points)
    scheme = Self.scheme(basis, length, sampling)
  }

  public init(_ section: ConfigurationSection, seed: UInt64) {
    let fallback = Sampling(dt: 0.25, saveEvery: 4)
    let sampling = Sampling(section, fallback: fallback)
    self.init(
      length: section.number("length", default: 22, in: 1...1e4, "Period of Kuramoto–Sivashinsky"),
      points: section.integer("points", default: 64, in: 8...1024, "Grid points of Kuramoto–Sivashinsky"),
      dt: sampling.dt)
    self.sampling = sampling
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(attributes, system: Self.word, keys: Sampling.keys.union(["length", "points"]))
    let sampling = try Sampling(reader)
    self.init(
      length: try reader.number("length", in: 1...1e4), points: try reader.integer("points", in: 8...1024),
      dt: sampling.dt)
    self.sampling = sampling
  }

  private static func scheme(_ basis: FourierBasis, _ length: Double, _ sampling: Sampling) -> ExponentialDifferencing {
    ExponentialDifferencing(modes: basis.modes, length: length, dt: sampling.dt)
  }

  public var parameters: [String: Attribute] { ["length": .number(length), "points": .number(Double(points))] }

  public func validate() throws(SystemError) {
    try SystemError.check(length, in: 1...1e4, "length")
    try SystemError.check(Double(points), in: 8...1024, "points")
  }

  public var observables: [Observable] {
    let n = Double(points)
    return [
      Observable("u[0]", symbol: "u₀") { $0.values[0] },
      Observable("energy", symbol: "½⟨u²⟩") { $0.values.reduce(0) { $0 + $1 * $1 } / (2 * n) },
      Observable("gradient", symbol: "⟨(∂u/∂x)²⟩", value: meanSquareGradient),
    ]
  }

  /// Points also by the names that earlier versions' streams had: `u0`, `u1`, …
  public var allObservables: [Observable] {
    observables + (0..<points).map { point in Observable("u\(point)", symbol: "u[\(point)]") { $0.values[point] } }
  }

  public var invariants: [Invariant] {
    let n = Double(points)
    return [
      Invariant("mean drift", measure: .drift, limit: 1e-6) {
        $0.values.reduce(0, +) / n
      } complaint: { mean, start in
        "the mean of u changed from \(start) to \(mean)"
      }
    ]
  }

  /// A turn by one grid point, which generates all turns, and u(x) → −u(−x).
  public var symmetries: [Permutation] {
    [
      Permutation("translation", source: (0..<points).map { ($0 + 1) % points }),
      Permutation(
        "reflection", source: (0..<points).map { (points - $0) % points },
        signs: Array(repeating: true, count: points)),
    ]
  }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    var amplitudes = [Double](repeating: 0, count: basis.modes)
    // Long waves alone; the mean, which the equation conserves, is zero.
    for mode in 1..<min(9, basis.modes) { amplitudes[mode] = 0.5 * random.normal() }
    var values = [Double](repeating: 0, count: points)
    basis.values(of: amplitudes, into: &values)
    return values
  }

  public func derivative(_ u: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * basis.modes + points) { workspace in
      workspace.initialize(repeating: 0)
      let v = workspace.baseAddress!
      let (n, values) = (v + basis.modes, v + 2 * basis.modes)
      basis.amplitudes(of: u, into: v)
      nonlinear(v, n, values)
      for k in 0..<basis.modes { n[k] += scheme.linear[k] * v[k] }
      basis.values(of: n, into: rate)
    }
  }

  /// A state goes through its amplitudes, so that a pause on the grid costs a rounding.
  public var stepsAreExact: Bool { false }

  public func advance(_ u: UnsafeMutablePointer<Double>, steps: Int) {
    guard steps > 0 else { return }
    let modes = basis.modes
    let c = scheme
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 8 * modes + points) { workspace in
      workspace.initialize(repeating: 0)
      let v = workspace.baseAddress!
      let (a, b, d) = (v + modes, v + 2 * modes, v + 3 * modes)
      let (n, na, nb, nd, values) = (v + 4 * modes, v + 5 * modes, v + 6 * modes, v + 7 * modes, v + 8 * modes)
      basis.amplitudes(of: u, into: v)
      for _ in 0..<steps {
        nonlinear(v, n, values)
        for k in 0..<modes { a[k] = c.half[k] * v[k] + c.q[k] * n[k] }
        nonlinear(a, na, values)
        for k in 0..<modes { b[k] = c.half[k] * v[k] + c.q[k] * na[k] }
        nonlinear(b, nb, values)
        for k in 0..<modes { d[k] = c.half[k] * a[k] + c.q[k] * (2 * nb[k] - n[k]) }
        nonlinear(d, nd, values)
        for k in 0..<modes {
          v[k] = c.full[k] * v[k] + n[k] * c.f1[k] + 2 * (na[k] + nb[k]) * c.f2[k] + nd[k] * c.f3[k]
        }
      }
      basis.values(of: v, into: u)
    }
  }

  /// −½ ∂(u²)/∂x of amplitudes.
  /// - Parameter values: (points), to work with.
  private func nonlinear(
    _ v: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, _ values: UnsafeMutablePointer<Double>
  ) {
    basis.values(of: v, into: values)
    for x in 0..<points { values[x] *= values[x] }
    basis.amplitudes(of: values, into: result)
    result[0] = 0
    for k in 1...((basis.modes - 1) / 2) {
      let wave = 2 * .pi * Double(k) / length
      // d/dx cos = −κ sin, d/dx sin = κ cos.
      let (cosine, sine) = (result[2 * k - 1], result[2 * k])
      result[2 * k - 1] = -0.5 * wave * sine
      result[2 * k] = 0.5 * wave * cosine
    }
  }

  @Sendable private func meanSquareGradient(_ state: State<Double>) -> Double {
    var v = [Double](repeating: 0, count: basis.modes)
    basis.amplitudes(of: state.values, into: &v)
    return (1...((basis.modes - 1) / 2)).reduce(0) { sum, k in
      let wave = 2 * .pi * Double(k) / length
      return sum + wave * wave * (v[2 * k - 1] * v[2 * k - 1] + v[2 * k] * v[2 * k]) / 2
    }
  }
}
