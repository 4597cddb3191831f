/// The state of one lattice in single precision, as surrogates see it.
///
/// L = `sites`; a state is one vector of 2L² + 2L floats: ρ (L, L, 2) with real and imaginary part interleaved,
/// then Q (L), then P (L). Units as in the simulation.
public struct SurrogateState: Sendable, Equatable {
  public let sites: Int
  /// (2L² + 2L): ρ, Q, P one after the other.
  public var values: [Float]

  /// Number of floats in the state of a lattice.
  public static func size(sites: Int) -> Int { 2 * sites * sites + 2 * sites }

  /// - Parameter values: (2L² + 2L), as the property says.
  public init(sites: Int, values: [Float]) {
    precondition(
      values.count == Self.size(sites: sites),
      "SurrogateState: \(sites) sites need \(Self.size(sites: sites)) numbers, got \(values.count)")
    self.sites = sites
    self.values = values
  }

  /// - Parameters: `rho` (L, L, 2) interleaved, `q` (L), `p` (L).
  public init(rho: some Sequence<Float>, q: some Collection<Float>, p: some Sequence<Float>) {
    self.init(sites: q.count, values: Array(rho) + Array(q) + Array(p))
  }

  /// ρ, (L, L, 2).
  public var rho: ArraySlice<Float> { values[..<(2 * sites * sites)] }
  /// Displacements, (L).
  public var q: ArraySlice<Float> { values[(2 * sites * sites)..<(2 * sites * sites + sites)] }
  /// Momenta, (L).
  public var p: ArraySlice<Float> { values[(2 * sites * sites + sites)...] }
}
