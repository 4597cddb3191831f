/// One named tensor among the parameters.
public struct ParameterTensor: Sendable, Equatable {
  /// The published name, as in `differentiator.CNN.blocks.0.conv1.weight`.
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

  public init(_ configuration: ModelConfiguration) {
    for prefix in configuration.networkNames {
      let c = configuration.channels
      add("\(prefix).CNN.input_conv", weight: [c, 4, 3, 3], bias: c)
      for block in 0..<configuration.blocks {
        let name = "\(prefix).CNN.blocks.\(block)"
        add("\(name).conv1", weight: [c, c, 3, 3], bias: c)
        add("\(name).conv2", weight: [c, c, 3, 3], bias: c)
        add("\(name).ln1.ln", weight: [c], bias: c)
        add("\(name).ln2.ln", weight: [c], bias: c)
      }
      add("\(prefix).CNN.output_conv", weight: [4, c, 1, 1], bias: 4)
    }
  }

  private mutating func add(_ name: String, weight: [Int], bias: Int) {
    tensors.append(ParameterTensor(name: "\(name).weight", shape: weight, offset: count))
    count += weight.reduce(1, *)
    tensors.append(ParameterTensor(name: "\(name).bias", shape: [bias], offset: count))
    count += bias
  }
}

extension ModelConfiguration {
  /// Published prefixes of the networks, in the order in which they run.
  var networkNames: [String] { family == .parc ? ["differentiator", "integrator"] : ["cnn"] }

  /// What each network divides its input by and multiplies its output with, in the same order.
  var networkScales: [(input: [Float], output: [Float])] {
    family == .parc
      ? [(scalars.states, scalars.rates), (scalars.rates, scalars.steps)] : [(scalars.states, scalars.steps)]
  }

  /// Number of trainable parameters.
  public var parameterCount: Int { ParameterLayout(self).count }
}
