public import Trajectories

extension StateEmbedding {
  /// A plane a component on a ring or a square lattice; nil where a field does not lie on it.
  ///
  /// A field's shape begins with that of the domain ([sites], or [rows, columns], or a square's sites as one axis); what
  /// follows are components, each a plane, and complex ones two. A single number (a parameter such as a coupling) would
  /// need a plane that repeats it; such layouts have the embedding of a vector.
  public static func grid(_ layout: StateLayout) -> StateEmbedding? {
    let extent: [Int]
    switch layout.domain {
    case .none: return nil
    case .ring(let sites): extent = [sites]
    case .square(let rows, let columns): extent = [rows, columns]
    }
    let sites = extent.reduce(1, *)
    var places: [Int] = []
    var isPrognostic: [Bool] = []
    for field in layout.fields {
      guard field.shape.starts(with: extent) || field.shape.first == sites else { return nil }
      let components = field.count / sites
      for site in 0..<sites { for c in 0..<components { places.append((isPrognostic.count + c) * sites + site) } }
      isPrognostic += Array(repeating: field.role == .prognostic, count: components)
    }
    return StateEmbedding(
      layout: layout, kind: .grid, channels: isPrognostic.count, extent: extent, places: places,
      isPrognostic: isPrognostic)
  }
}
