/// What is minimised: a sum of root mean squares over the components of the state.
///
/// loss = Σ_c RMS(label_c − prediction_c) + k Σ_c RMS(dlabel_c − dprediction_c), with the mean over batch, steps and
/// entries in one go, in physical units. Components c: diagonal of ρ, the rest of ρ, Q, P.
public struct LossConfiguration: Codable, Sendable, Equatable {
  /// Whether the diagonal of ρ is a component of its own.
  public var separatesDiagonal = true
  /// Weight k of the derivative terms of PARC; 0 leaves them out.
  public var derivativeCoefficient: Float = 1
  /// With c set, step k's error is multiplied by cᵏ / Σ cᵏ before it is squared.
  public var stepCoefficient: Float?

  public init() {}

  /// Factors of the errors of `count` steps.
  func stepWeights(_ count: Int) -> [Float] {
    guard let c = stepCoefficient else { return Array(repeating: 1, count: count) }
    var powers: [Float] = [1]
    while powers.count < count { powers.append(powers[powers.count - 1] * c) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

extension LossConfiguration {
  /// Root mean squares of the four components, and the factor of each error in the gradient: 1 / (count · RMS).
  ///
  /// A component without error gets the factor 0, where automatic differentiation of the root gives 0/0.
  /// - Parameters:
  ///   - sums: Squared errors of the diagonal of ρ, the rest of ρ, Q and P.
  ///   - rows: Rows of all matrices ρ together.
  func components(
    _ sums: [Double], rows: Double, sites: Int
  ) -> (terms: LossTerms.Components, coefficients: [Float]) {
    var sums = sums
    var counts = [rows, rows * Double(sites - 1), rows, rows]
    if !separatesDiagonal {
      sums[0] += sums[1]
      sums[1] = 0
      counts[0] += counts[1]
    }
    let roots = zip(sums, counts).map { ($0 / $1).squareRoot() }
    var factors = zip(roots, counts).map { $0 == 0 ? 0 : Float(1 / ($0 * $1)) }
    if !separatesDiagonal { factors[1] = factors[0] }
    return (
      LossTerms.Components(
        rhoDiagonal: Float(roots[0]), rhoOffDiagonal: Float(roots[1]), q: Float(roots[2]), p: Float(roots[3])), factors
    )
  }

  func terms(states: LossTerms.Components, rates: LossTerms.Components?) -> LossTerms {
    LossTerms(state: states, rates: rates, total: states.sum + derivativeCoefficient * (rates?.sum ?? 0))
  }
}

/// The components of one loss. Units: those of the state, and of its time derivative.
public struct LossTerms: Codable, Sendable, Equatable {
  /// The four components of a state.
  public struct Components: Codable, Sendable, Equatable {
    /// Diagonal of ρ; with the diagonal not separated, all of ρ.
    public var rhoDiagonal: Float
    public var rhoOffDiagonal: Float
    public var q: Float
    public var p: Float

    public var sum: Float { rhoDiagonal + rhoOffDiagonal + q + p }
  }

  public var state: Components
  /// Derivative terms, before they are weighted; nil for models without.
  public var rates: Components?
  public var total: Float
}
