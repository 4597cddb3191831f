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

extension StateLayout {
  /// Planes and axes of fields on a ring or a square; nil for other states, density matrices among them, and for more
  /// planes than `most`. Nothing is allocated, for the layout may come from an untrusted file.
  func latticeShape(most: Int) -> (planes: Int, rank: Int)? {
    guard densityMatrixSites == nil, let extent = gridExtent else { return nil }
    let planes = count / extent.reduce(1, *)
    return planes <= most ? (planes, extent.count) : nil
  }

  /// Whether the states are of the same fields on a lattice of the same axes, of whatever size: a network whose weights
  /// know nothing of the size runs on both.
  func isLattice(like other: StateLayout, most: Int) -> Bool {
    guard let shape = latticeShape(most: most), let others = other.latticeShape(most: most), shape == others,
      fields.count == other.fields.count
    else { return false }
    func planes(_ field: Field, _ layout: StateLayout) -> Int { field.count / (layout.domain.sites ?? 1) }
    return zip(fields, other.fields).allSatisfy {
      $0.name == $1.name && $0.role == $1.role && planes($0, self) == planes($1, other)
    }
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
