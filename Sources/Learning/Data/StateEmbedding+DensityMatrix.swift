public import Trajectories

extension StateLayout {
  /// L of a state that is a complex (L, L) matrix and two real vectors of L on a ring of L sites, in this order; nil for
  /// others.
  public var densityMatrixSites: Int? {
    guard case .ring(let sites) = domain, fields.count == 3, fields.map(\.isComplex) == [true, false, false],
      fields.map(\.shape) == [[sites, sites], [sites], [sites]], fields.allSatisfy({ $0.role == .prognostic })
    else { return nil }
    return sites
  }
}

extension StateEmbedding {
  /// Re ρ, Im ρ, and Q and P on the diagonals of two more planes of L × L site pairs; nil for other layouts.
  public static func densityMatrix(_ layout: StateLayout) -> StateEmbedding? {
    guard let sites = layout.densityMatrixSites else { return nil }
    let square = sites * sites
    let matrix = (0..<square).flatMap { [$0, square + $0] }
    let diagonals = (0..<(2 * sites)).map { 2 * square + $0 / sites * square + $0 % sites * (sites + 1) }
    return StateEmbedding(
      layout: layout, kind: .densityMatrix, channels: 4, extent: [sites, sites], places: matrix + diagonals,
      isPrognostic: [true, true, true, true])
  }
}
