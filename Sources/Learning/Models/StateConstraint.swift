/// What every predicted state is made to obey, in training and in rollouts alike. Off unless asked for.
public enum StateConstraint: String, Codable, Sendable, CaseIterable {
  /// ρ is replaced by the nearest Hermitian matrix with the trace L / 2 of half filling; `ProjectedModel` has the formula.
  case projection
  /// As `projection`, and the eigenvalues of ρ are brought back to 0, ½ and 1, which the equations of motion keep;
  /// `MatrixConstraint` has the formula.
  case spectrum
  /// The sum of each field over a ring or a square is kept: the network gives the flux from each site to the next one
  /// along each axis, and a site changes by what flows in less what flows out.
  case flux

  /// Whether it is for density matrices; the others are for fields on a lattice.
  public var isOfMatrices: Bool { self != .flux }
}
