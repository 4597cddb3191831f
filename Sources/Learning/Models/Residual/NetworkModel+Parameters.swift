internal import Foundation
internal import Tensors

extension NetworkModel {
  /// Published prefixes of the networks, in the order in which they run.
  static func networkNames(_ family: ModelFamily) -> [String] {
    family == .parc ? ["differentiator", "integrator"] : ["cnn"]
  }

  /// What each network divides its input by and multiplies its output with, a number a field, in the same order.
  ///
  /// - Parameter fields: Names of the matrix and of the two vectors.
  static func networkScales(
    _ configuration: ModelConfiguration, _ fields: [String]
  ) -> [(input: [Float], output: [Float])] {
    let scales = configuration.scales
    return configuration.family == .parc
      ? [
        (scales.states(fields), scales.tendencies(fields)), (scales.tendencies(fields), scales.increments(fields)),
      ] : [(scales.states(fields), scales.increments(fields))]
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    let settings = try ResidualSettings(configuration)
    let c = settings.channels
    var layout = ParameterLayout()
    func add(_ name: String, weight: [Int], bias: Int) {
      layout.add("\(name).weight", shape: weight)
      layout.add("\(name).bias", shape: [bias])
    }
    for prefix in networkNames(configuration.family) {
      add("\(prefix).CNN.input_conv", weight: [c, 4, 3, 3], bias: c)
      for block in 0..<settings.blocks {
        let name = "\(prefix).CNN.blocks.\(block)"
        add("\(name).conv1", weight: [c, c, 3, 3], bias: c)
        add("\(name).conv2", weight: [c, c, 3, 3], bias: c)
        add("\(name).ln1.ln", weight: [c], bias: c)
        add("\(name).ln2.ln", weight: [c], bias: c)
      }
      add("\(prefix).CNN.output_conv", weight: [4, c, 1, 1], bias: 4)
    }
    return layout
  }

  /// Xavier-uniform convolutions with gain 5/3, zero biases, unit normalisation.
  ///
  /// U(-a, a), a = gain √(6 / (fan in + fan out)). The last layer of the CNN and of the integrator is zero where the
  /// configuration says so; the differentiator's never is. Source: Glorot and Bengio (2010); conventions of the
  /// published program.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let settings = try ResidualSettings(configuration)
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() {
      if tensor.name.hasSuffix(".ln.weight") {
        for k in 0..<tensor.count { values[tensor.offset + k] = 1 }
      } else if tensor.shape.count == 4 {
        let isOutput = tensor.name.hasSuffix("output_conv.weight") && !tensor.name.hasPrefix("differentiator")
        if isOutput && settings.zeroInitialisedOutput { continue }
        let taps = tensor.shape[2] * tensor.shape[3]
        let bound = 5.0 / 3 * (6 / Double((tensor.shape[0] + tensor.shape[1]) * taps)).squareRoot()
        var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
        for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
      }
    }
    return values
  }
}
