/// A number on every site of a domain, computed from a state: what structure factors are of.
public struct SiteSeries: Sendable {
  /// How files spell it, such as `density`.
  public var name: String
  public var symbol: String
  /// Whether it is an order parameter that is uniform in a domain, so that its correlations tell the domains' size.
  public var isOrder: Bool
  /// (sites), rows one behind the other on a lattice.
  public var values: @Sendable (State<Double>) -> [Double]

  /// - Parameter symbol: The name when nil.
  public init(
    _ name: String, symbol: String? = nil, isOrder: Bool = false,
    values: @escaping @Sendable (State<Double>) -> [Double]
  ) {
    self.name = name
    self.symbol = symbol ?? name
    self.isOrder = isOrder
    self.values = values
  }

  /// The fields that have one real number on every site of the layout's domain; none on a plain vector.
  public static func fields(of layout: StateLayout) -> [SiteSeries] {
    guard let sites = layout.domain.sites else { return [] }
    return zip(layout.fields, layout.ranges).compactMap { field, range in
      guard !field.isComplex, field.count == sites, field.role == .prognostic else { return nil }
      return SiteSeries(field.name, symbol: field.symbol) { Array($0.values[range]) }
    }
  }
}
