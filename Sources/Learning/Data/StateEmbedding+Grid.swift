public import Trajectories

extension StateLayout {
  /// [sites] or [rows, columns] where every field lies on the layout's ring or square, each number on one site; else nil.
  var gridExtent: [Int]? {
    let extent: [Int]
    switch domain {
    case .none: return nil
    case .ring(let sites): extent = [sites]
    case .square(let rows, let columns): extent = [rows, columns]
    }
    let sites = extent.reduce(1, *)
    return fields.allSatisfy { $0.shape.starts(with: extent) || $0.shape.first == sites } ? extent : nil
  }
}

extension StateEmbedding {
  /// A plane a component on a ring or a square lattice; nil where a field does not lie on it.
  ///
  /// A field's shape begins with that of the domain ([sites], or [rows, columns], or a square's sites as one axis); what
  /// follows are components, each a plane, and complex ones two. A single number (a parameter such as a coupling) would
  /// need a plane that repeats it; such layouts have the embedding of a vector.
  public static func grid(_ layout: StateLayout) -> StateEmbedding? {
    guard let extent = layout.gridExtent else { return nil }
    let sites = extent.reduce(1, *)
    var places: [Int] = []
    var isPrognostic: [Bool] = []
    for field in layout.fields {
      let components = field.count / sites
      for site in 0..<sites { for c in 0..<components { places.append((isPrognostic.count + c) * sites + site) } }
      isPrognostic += Array(repeating: field.role == .prognostic, count: components)
    }
    return StateEmbedding(
      layout: layout, kind: .grid, channels: isPrognostic.count, extent: extent, places: places,
      isPrognostic: isPrognostic)
  }
}
