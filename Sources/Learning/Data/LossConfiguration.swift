public import Trajectories

/// What is minimised: a sum of root mean squares over the parts of the state.
///
/// loss = Σ_c RMS(label_c − prediction_c) + k Σ_c RMS(dlabel_c − dprediction_c), with the mean over batch, steps and
/// entries in one go, in physical units. Parts c: those of `LossPartition`.
public struct LossConfiguration: Codable, Sendable, Equatable {
  /// Whether the diagonal of a density matrix is a part of its own.
  public var separatesDiagonal = true
  /// Weight k of the derivative terms, of models that have them; 0 leaves them out.
  public var derivativeCoefficient: Float = 1
  /// With c set, step k's error is multiplied by cᵏ / Σ cᵏ before it is squared.
  public var stepCoefficient: Float?

  public init() {}

  /// Factors of the errors of `count` steps.
  public func stepWeights(_ count: Int) -> [Float] {
    guard let c = stepCoefficient else { return Array(repeating: 1, count: count) }
    var powers: [Float] = [1]
    while powers.count < count { powers.append(powers[powers.count - 1] * c) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// How states of a layout are divided into terms.
  public func partition(_ layout: StateLayout) -> LossPartition {
    LossPartition(layout, separatesDiagonal: separatesDiagonal)
  }
}
