internal import Foundation
internal import Tensors

extension ParameterLayout {
  /// Parameters before training: Xavier-uniform convolutions with gain 5/3, zero biases, unit normalisation.
  ///
  /// U(-a, a), a = gain √(6 / (fan in + fan out)). The last layer of the CNN and of the integrator is zero where the
  /// configuration says so; the differentiator's never is. Source: Glorot and Bengio (2010); conventions of the
  /// published program.
  public func initial(_ configuration: ModelConfiguration, seed: UInt64) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    for (index, tensor) in tensors.enumerated() {
      if tensor.name.hasSuffix(".ln.weight") {
        for k in 0..<tensor.count { values[tensor.offset + k] = 1 }
      } else if tensor.shape.count == 4 {
        let isOutput = tensor.name.hasSuffix("output_conv.weight") && !tensor.name.hasPrefix("differentiator")
        if isOutput && configuration.zeroInitialisedOutput { continue }
        let taps = tensor.shape[2] * tensor.shape[3]
        let bound = 5.0 / 3 * (6 / Double((tensor.shape[0] + tensor.shape[1]) * taps)).squareRoot()
        var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
        for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
      }
    }
    return values
  }
}
