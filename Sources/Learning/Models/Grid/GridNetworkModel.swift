public import Settings
internal import Tensors
public import Trajectories

/// The residual convolutional network for fields on a ring or a square lattice: u' = u + s_Δ CNN(u / s), a plane a
/// component.
///
/// Its weights know nothing of the lattice's size, so that a model runs on lattices larger or smaller than those that it
/// was trained on. Density matrices are for `NetworkModel`.
public struct GridNetworkModel: TrainableModel {
  public static let families = [ModelFamily.cnn]
  /// Planes that are refused beyond.
  static let mostPlanes = 1024

  public let configuration: ModelConfiguration
  /// All parameters in the order of `parameterLayout`.
  public let parameters: [Float]

  /// - Throws: `LearningError` when the configuration is not valid or the number of parameters is not its own.
  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  public static func accepts(_ layout: StateLayout?) -> Bool { layout?.latticeShape(most: mostPlanes) != nil }

  public static func canLearn(_ target: LearningTarget) -> Bool { target != .force }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    ResidualSettings(section).attributes
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    let settings = try ResidualSettings(configuration)
    guard families.contains(configuration.family), let layout = configuration.layout,
      let shape = layout.latticeShape(most: mostPlanes)
    else {
      throw LearningError(
        .invalidConfiguration,
        "a \(configuration.family.rawValue) of \(configuration.layout?.summary ?? "unknown states") is no residual "
          + "network of at most \(mostPlanes) planes on a ring or a square")
    }
    guard configuration.constraint?.isOfMatrices != true else {
      throw LearningError(
        .invalidConfiguration,
        "only a density matrix can be constrained by its eigenvalues or trace; `constrain: flux` keeps sums")
    }
    return GridNetwork.layout(
      settings, planes: shape.planes, rank: shape.rank, isFlux: configuration.constraint == .flux)
  }

  /// As those of `NetworkModel`: Glorot-uniform convolutions with gain 5/3, zero biases, unit normalisation, and a last
  /// layer of zeros where the configuration says so.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let settings = try ResidualSettings(configuration)
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() where tensor.name.hasSuffix(".weight") {
      if tensor.shape.count == 1 {
        for k in 0..<tensor.count { values[tensor.offset + k] = 1 }
        continue
      }
      if tensor.name == "output.weight" && settings.zeroInitialisedOutput { continue }
      let taps = tensor.shape.dropLast(2).reduce(1, *)
      let bound = 5.0 / 3 * (6 / Double(tensor.shape.suffix(2).reduce(0, +) * taps)).squareRoot()
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
    }
    return values
  }

  public var summary: String {
    let settings = try? ResidualSettings(configuration)
    return "cnn \(settings?.channels ?? 0)×\(settings?.blocks ?? 0), \(parameters.count) parameters"
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    TapePredictor(try step(for: layout), parameters: parameters).rollout(configuration)
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    TapeBackend(parameters: parameters, options, step: step)
  }

  /// - Throws: `LearningError` of code `invalidData` for states of other fields, or on a lattice of other dimension.
  func step(for layout: StateLayout) throws -> TapeStep {
    guard let own = configuration.layout, layout.isLattice(like: own, most: Self.mostPlanes),
      let embedding = StateEmbedding.grid(layout)
    else {
      throw LearningError(
        .invalidData,
        "the network was made for states of \(configuration.layout?.summary ?? "unknown fields") and runs on lattices of "
          + "other sizes, but not on states of \(layout.summary)")
    }
    return TapeStep(
      embedding, scales: configuration.scales, learns: configuration.learns,
      network: GridNetwork(
        settings: try ResidualSettings(configuration), tensors: try Self.parameterLayout(configuration).tensors,
        isFlux: configuration.constraint == .flux))
  }
}
