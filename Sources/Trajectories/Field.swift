/// One quantity of a system's state: its name, the shape of one state's values, and what they mean.
public struct Field: Sendable, Hashable, Codable {
  /// How a field comes to its values.
  public enum Role: String, Sendable, Hashable, Codable {
    /// It evolves, and a model predicts it.
    case prognostic
    /// Constant along a trajectory, such as a coupling: an input of models that ask for it.
    case parameter
    /// Given from outside as a function of time, such as g(t).
    case forcing
  }

  /// The name of the array that holds it in a store, such as `rho` or `u`.
  public var name: String
  /// Shape of one state's values, such as [L, L]; empty for a single number.
  public var shape: [Int]
  /// Whether an element is a complex number; it then counts two reals, real and imaginary part interleaved.
  public var isComplex: Bool
  /// A name for each axis, such as ["site", "site_2"]: `dimension_names` of a store.
  public var axes: [String]
  public var unit: String
  /// How it is written in words and plots, such as `ρ`.
  public var symbol: String
  public var role: Role

  /// - Parameters:
  ///   - axes: `name_axis0`, … when nil.
  ///   - symbol: The name when nil.
  public init(
    _ name: String, shape: [Int] = [], isComplex: Bool = false, axes: [String]? = nil, unit: String = "",
    symbol: String? = nil, role: Role = .prognostic
  ) {
    precondition(shape.allSatisfy { $0 > 0 }, "field \(name): shape \(shape) has an axis without elements")
    self.name = name
    self.shape = shape
    self.isComplex = isComplex
    self.axes = axes ?? shape.indices.map { "\(name)_axis\($0)" }
    self.unit = unit
    self.symbol = symbol ?? name
    self.role = role
  }

  /// Elements of one state, complex ones counted once.
  public var elements: Int { shape.reduce(1, *) }
  /// Real numbers of one state.
  public var count: Int { elements * (isComplex ? 2 : 1) }
}
