/// One named tensor among the parameters.
public struct ParameterTensor: Sendable, Equatable {
  /// Its name in checkpoints, as in `differentiator.CNN.blocks.0.conv1.weight`.
  public let name: String
  public let shape: [Int]
  /// Where its first number lies in the flat vector of all parameters.
  public let offset: Int

  public var count: Int { shape.reduce(1, *) }
}

/// The order in which all parameters of a model lie in one vector.
public struct ParameterLayout: Sendable, Equatable {
  public private(set) var tensors: [ParameterTensor] = []
  public private(set) var count = 0

  public init() {}

  /// Adds a tensor behind the others.
  public mutating func add(_ name: String, shape: [Int]) {
    tensors.append(ParameterTensor(name: name, shape: shape, offset: count))
    count += shape.reduce(1, *)
  }
}
