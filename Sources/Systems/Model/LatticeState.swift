/// The state of the semiclassical lattice at one instant.
///
/// L = `sites`. Units: ħ = t_hop = 1; Q in the units of the published code (docs/physics.md).
public struct LatticeState: Sendable, Equatable {
  public let sites: Int
  /// One-body density matrix ρ, (L, L, 2): row-major, real and imaginary part interleaved (the bytes of complex128).
  public var rho: [Double]
  /// Displacements, (L).
  public var q: [Double]
  /// Momenta, (L).
  public var p: [Double]

  /// The empty lattice: every entry zero.
  public init(sites: Int) {
    self.sites = sites
    rho = Array(repeating: 0, count: 2 * sites * sites)
    q = Array(repeating: 0, count: sites)
    p = q
  }

  /// - Parameters: shapes (L, L, 2), (L) and (L), as the properties say.
  public init(rho: [Double], q: [Double], p: [Double]) {
    precondition(
      p.count == q.count && rho.count == 2 * q.count * q.count,
      "LatticeState: expected rho (L, L, 2), q (L), p (L); got \(rho.count), \(q.count), \(p.count) numbers")
    sites = q.count
    self.rho = rho
    self.q = q
    self.p = p
  }

  /// Electron density n_i = Re ρ_ii at one site.
  public func density(_ site: Int) -> Double { rho[2 * (site * sites + site)] }
}
