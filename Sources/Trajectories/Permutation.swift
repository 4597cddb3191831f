/// A symmetry of a system as a table of indices: number k of the image is ± number `source[k]` of the state.
///
/// Used to move training samples and to test that a model is equivariant.
public struct Permutation: Sendable, Equatable {
  public var name: String
  /// (layout.count).
  public var source: [Int]
  /// Numbers that change their sign, such as an imaginary part under transposition; none when nil.
  public var signs: [Bool]?

  public init(_ name: String, source: [Int], signs: [Bool]? = nil) {
    precondition(source.allSatisfy(source.indices.contains), "a symmetry must lead from the state to itself")
    precondition(signs.map { $0.count == source.count } ?? true, "a symmetry needs a sign for each number")
    self.name = name
    self.source = source
    self.signs = signs
  }

  public func callAsFunction<Scalar>(_ state: State<Scalar>) -> State<Scalar> {
    precondition(source.count == state.values.count, "\(name) is of \(source.count) numbers, not \(state.values.count)")
    var image = state
    for k in source.indices { image.values[k] = state.values[source[k]] }
    if let signs { for k in signs.indices where signs[k] { image.values[k].negate() } }
    return image
  }
}
