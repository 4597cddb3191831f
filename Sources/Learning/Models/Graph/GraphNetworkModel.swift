public import Settings
internal import Tensors
public import Trajectories

/// A graph network for fields on a ring or a square lattice, a plane a component.
///
/// Its weights know nothing of the lattice's size, and it keeps translations and the point group by construction. With
/// `learns: tendency` the planes that come out are derivatives: of a lattice's momenta, the force.
public struct GraphNetworkModel: TrainableModel {
  public static let families = [ModelFamily.gnn]
  private static let mostPlanes = GridNetworkModel.mostPlanes
  private static let largestCount = 1 << 26

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
    GraphSettings(section).attributes
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    let settings = try GraphSettings(configuration)
    guard families.contains(configuration.family), let layout = configuration.layout,
      let shape = layout.latticeShape(most: mostPlanes)
    else {
      throw fail(
        "a \(configuration.family.rawValue) of \(configuration.layout?.summary ?? "unknown states") is no graph network of "
          + "at most \(mostPlanes) planes on a ring or a square")
    }
    guard configuration.constraint == nil else {
      throw fail("a gnn cannot be constrained; leave `constrain` out, or use the family cnn")
    }
    let made = GraphNetwork.layout([shape.planes] + settings.widths + [shape.planes])
    guard made.count <= largestCount else {
      throw fail("a gnn of widths \(settings.widths) would have \(made.count) parameters, more than \(largestCount)")
    }
    return made
  }

  /// Glorot-uniform weights and zero biases, and a last layer of zeros where the configuration says so.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let settings = try GraphSettings(configuration)
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() where tensor.shape.count == 2 {
      if index >= layout.tensors.count - 3 && settings.zeroInitialisedOutput { continue }
      let bound = (6 / Double(tensor.shape[0] + tensor.shape[1])).squareRoot()
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
    }
    return values
  }

  public var summary: String {
    let widths = (try? GraphSettings(configuration))?.widths ?? []
    return "gnn \(widths.map(String.init).joined(separator: "-")), \(parameters.count) parameters"
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
      network: GraphNetwork(
        activation: try GraphSettings(configuration).activation,
        tensors: try Self.parameterLayout(configuration).tensors))
  }
}
