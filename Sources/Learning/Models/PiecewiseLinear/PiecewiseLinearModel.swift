public import Settings
internal import Tensors
public import Trajectories

/// Piecewise linear recurrent networks for the reconstruction of attractors, of small states without neighbours.
///
/// Both see x = u / s. The shallow one is x' = A x + W₁ [relu(W₂ x + h₂) − relu(W₂ x)] + h₁ with A diagonal, bounded where
/// |A| < 1 (Hess, Monfared, Brenner and Durstewitz 2023, arXiv 2306.04406). The almost linear one has more units than
/// there are numbers: z' = A z + W Φ(z) + h, Φ = relu on the last P units; the first are x, and which of the P are positive
/// is a symbolic code of the state (Brenner, Hemmer, Monfared and Durstewitz 2024, arXiv 2410.14240). Its other units begin
/// as a linear function of x and remember from then on.
public struct PiecewiseLinearModel: TrainableModel {
  public static let families = [ModelFamily.shallowPLRNN, .almostLinearRNN]
  /// Numbers of a state that are refused beyond.
  static let largestState = 256

  public let configuration: ModelConfiguration
  public let parameters: [Float]

  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  public static func accepts(_ layout: StateLayout?) -> Bool {
    layout.map { $0.count <= largestState && $0.fields.allSatisfy { $0.role == .prognostic } } ?? false
  }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    PiecewiseLinearSettings(.shallowPLRNN, section).attributes
  }

  public static func memory(_ configuration: ModelConfiguration) throws -> Int {
    configuration.family == .almostLinearRNN ? min(64, 2 * (try PiecewiseLinearSettings(configuration).interval)) : 0
  }

  /// The network of a configuration.
  /// - Throws: `LearningError` of code `invalidConfiguration`.
  static func kernel(_ configuration: ModelConfiguration) throws -> PiecewiseLinearKernel {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    let settings = try PiecewiseLinearSettings(configuration)
    let family = configuration.family.rawValue
    guard families.contains(configuration.family), let layout = configuration.layout, accepts(layout) else {
      throw fail(
        "a \(family) is for states of at most \(largestState) numbers that all evolve, not of "
          + (configuration.layout?.summary ?? "unknown fields"))
    }
    guard configuration.constraint == nil else { throw fail("a \(family) cannot be constrained") }
    let isShallow = configuration.family == .shallowPLRNN
    guard isShallow || settings.latent >= layout.count else {
      throw fail(
        "an al-rnn of \(settings.latent) units cannot hold the \(layout.count) numbers of a state; raise latent")
    }
    return PiecewiseLinearKernel(
      isShallow: isShallow, latent: isShallow ? layout.count : settings.latent, observed: layout.count,
      width: isShallow ? settings.hidden : settings.rectified)
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    try kernel(configuration).parameterLayout
  }

  /// A is the diagonal of (RᵀR / M + 1) over that matrix's largest eigenvalue, R random; matrices are uniform in
  /// ±1/√inputs; biases are zero, and forcing is full.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let kernel = try kernel(configuration)
    let layout = kernel.parameterLayout
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() {
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      func fill(_ bound: Double) {
        for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
      }
      switch tensor.name {
      case "A":
        let diagonal = diagonal(kernel.latent, &random)
        for k in 0..<tensor.count { values[tensor.offset + k] = Float(diagonal[k]) }
      case "W1": fill(1 / Double(kernel.width).squareRoot())
      case "W2.transposed", "W.transposed": fill(1 / Double(kernel.latent).squareRoot())
      case "initial.weight": fill(1 / Double(kernel.observed).squareRoot())
      case "forcing": values[tensor.offset] = 1
      default: break
      }
    }
    return values
  }

  private static func diagonal(_ m: Int, _ random: inout CounterRandom) -> [Double] {
    let r = (0..<(m * m)).map { _ in random.normal() }
    var matrix = [Double](repeating: 0, count: m * m)
    for i in 0..<m {
      for j in 0..<m {
        for k in 0..<m { matrix[i * m + j] += r[k * m + i] * r[k * m + j] / Double(m) }
      }
      matrix[i * m + i] += 1
    }
    // The largest eigenvalue of a positive definite matrix, by its powers.
    var x = [Double](repeating: 1, count: m)
    var largest = 1.0
    for _ in 0..<500 {
      let y = (0..<m).map { i in (0..<m).reduce(0) { $0 + matrix[i * m + $1] * x[$1] } }
      largest = y.reduce(0) { $0 + $1 * $1 }.squareRoot() / x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let norm = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
      x = y.map { $0 / norm }
    }
    return (0..<m).map { matrix[$0 * m + $0] / largest }
  }

  public var summary: String {
    guard let kernel = try? Self.kernel(configuration) else { return configuration.family.rawValue }
    return kernel.isShallow
      ? "shplrnn of \(kernel.width) hidden units, \(parameters.count - 1) parameters"
      : "al-rnn of \(kernel.latent) units, \(kernel.width) of them rectified, \(parameters.count) parameters"
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    try check(layout)
    return PiecewiseLinearPredictor(
      layout, try Self.kernel(configuration), parameters: parameters, scales: configuration.scales)
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    PiecewiseLinearBackend(
      try Self.kernel(configuration), try PiecewiseLinearSettings(configuration), parameters: parameters,
      scales: configuration.scales, options, check: check)
  }

  private func check(_ layout: StateLayout) throws {
    guard let own = configuration.layout, layout.fields == own.fields else {
      throw LearningError(
        .invalidData,
        "the \(configuration.family.rawValue) was made for states of \(configuration.layout?.summary ?? "unknown fields") "
          + "and cannot take others, such as \(layout.summary)")
    }
  }
}
