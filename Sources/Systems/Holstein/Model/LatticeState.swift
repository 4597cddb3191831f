public import Trajectories

/// The state of the semiclassical lattice at one instant: the Holstein chain's view of a state's numbers.
///
/// L = `sites`. Units: ħ = t_hop = 1; Q in the units of the published code (docs/physics.md).
public struct LatticeState: Sendable, Equatable {
  public let sites: Int
  /// [ρ (L, L, 2), Q (L), P (L)]: the numbers of a `State` of the layout `LatticeState.layout(sites:)`.
  public internal(set) var values: [Double]

  /// The empty lattice: every entry zero.
  public init(sites: Int) {
    self.init(sites: sites, values: Array(repeating: 0, count: 2 * sites * sites + 2 * sites))
  }

  /// - Parameters: shapes (L, L, 2), (L) and (L), as the properties say.
  public init(rho: [Double], q: [Double], p: [Double]) {
    precondition(
      p.count == q.count && rho.count == 2 * q.count * q.count,
      "LatticeState: expected rho (L, L, 2), q (L), p (L); got \(rho.count), \(q.count), \(p.count) numbers")
    self.init(sites: q.count, values: rho + q + p)
  }

  /// A state of `layout(sites:)`.
  public init(_ state: State<Double>) {
    let sites = Self.sites(of: state.layout)
    precondition(sites != nil, "a state of \(state.layout.summary) is none of a Holstein chain")
    self.init(sites: sites!, values: state.values)
  }

  /// - Parameter values: As the property says.
  init(sites: Int, values: [Double]) {
    precondition(values.count == 2 * sites * sites + 2 * sites, "\(values.count) numbers for \(sites) sites")
    self.sites = sites
    self.values = values
  }

  /// The same numbers with their layout.
  public var state: State<Double> { State(Self.layout(sites: sites), values) }

  /// One-body density matrix ρ, (L, L, 2): row-major, real and imaginary part interleaved (the bytes of complex128).
  public var rho: [Double] {
    get { Array(values[..<(2 * sites * sites)]) }
    set { replace(0..<(2 * sites * sites), by: newValue) }
  }

  /// Displacements, (L).
  public var q: [Double] {
    get { Array(values[qStart..<pStart]) }
    set { replace(qStart..<pStart, by: newValue) }
  }

  /// Momenta, (L).
  public var p: [Double] {
    get { Array(values[pStart...]) }
    set { replace(pStart..<values.count, by: newValue) }
  }

  /// Electron density n_i = Re ρ_ii at one site.
  public func density(_ site: Int) -> Double { values[2 * (site * sites + site)] }

  /// Where Q and P begin in the numbers.
  var qStart: Int { 2 * sites * sites }
  var pStart: Int { 2 * sites * sites + sites }

  private mutating func replace(_ range: Range<Int>, by numbers: [Double]) {
    precondition(numbers.count == range.count, "\(numbers.count) numbers where the lattice has \(range.count)")
    values.replaceSubrange(range, with: numbers)
  }
}

extension LatticeState {
  /// ρ [L, L] complex, Q [L], P [L] on a ring, as stores name them.
  public static func layout(sites: Int) -> StateLayout {
    StateLayout(
      [
        Field("rho", shape: [sites, sites], isComplex: true, axes: ["site", "site_2"], symbol: "ρ"),
        Field("Q", shape: [sites], axes: ["site"]),
        Field("P", shape: [sites], axes: ["site"]),
      ], domain: .ring(sites))
  }

  /// L of a layout whose fields are those of a Holstein chain, in whatever order a store lists them; nil for others.
  public static func sites(of layout: StateLayout) -> Int? {
    guard layout.fields.count == 3, let rho = layout.field("rho"), let q = layout.field("Q"), let p = layout.field("P"),
      let sites = q.shape.first, rho.isComplex, rho.shape == [sites, sites], !q.isComplex, q.shape == [sites],
      !p.isComplex, p.shape == [sites]
    else { return nil }
    return sites
  }
}
