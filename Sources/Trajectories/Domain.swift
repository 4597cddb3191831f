/// What neighbours mean for the elements of a field: for convolutions, graphs and structure factors.
public enum Domain: Sendable, Hashable, Codable {
  /// A plain vector.
  case none
  /// A periodic chain of sites.
  case ring(Int)
  /// A periodic lattice of rows and columns.
  case square(Int, Int)

  /// Number of sites; nil for a plain vector.
  public var sites: Int? {
    switch self {
    case .none: nil
    case .ring(let sites): sites
    case .square(let rows, let columns): rows * columns
    }
  }
}
