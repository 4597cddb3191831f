public import Settings
public import Trajectories

/// A residual network on density matrices with fixed weights: the CNN or the PARC model at inference.
public struct NetworkModel: TrainableModel {
  public static let families = [ModelFamily.cnn, .parc]

  public let configuration: ModelConfiguration
  /// All parameters in the order of `parameterLayout`.
  public let parameters: [Float]

  /// - Throws: `LearningError` when the configuration is not valid or the number of parameters is not its own.
  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    guard Self.families.contains(configuration.family), Self.accepts(configuration.layout) else {
      throw LearningError(
        .invalidConfiguration,
        "a \(configuration.family.rawValue) of \(configuration.layout?.summary ?? "unknown states") is no residual "
          + "network of density matrices")
    }
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  public static func accepts(_ layout: StateLayout?) -> Bool { layout.map { $0.densityMatrixSites != nil } ?? true }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    ResidualSettings(section).attributes
  }

  public static func needsTendencies(_ configuration: ModelConfiguration, _ loss: LossConfiguration) -> Bool {
    configuration.family == .parc && loss.derivativeCoefficient != 0
  }

  public var summary: String {
    let settings = try? ResidualSettings(configuration)
    return "\(configuration.family.rawValue) \(settings?.channels ?? 0)×\(settings?.blocks ?? 0), "
      + "\(parameters.count) parameters"
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor { try networkPredictor(for: layout) }

  /// Prepares rollouts and evaluations.
  ///
  /// - Parameter workers: Cores that one step may use. Only networks of 64 channels and more gain from a second; results
  ///   are the same bits.
  /// - Throws: `LearningError` when the states are no density matrices, or the lattice is odd or too small for a 3 × 3
  ///   kernel.
  public func networkPredictor(for layout: StateLayout, workers: Int = 2) throws -> NetworkPredictor {
    _ = try Self.sites(of: layout, configuration)
    return try NetworkPredictor(self, layout: layout, workers: workers)
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    try FusedResidualBackend(self, options)
  }

  /// The scales as tensors and `model_kwargs`, which the published program reads.
  public var companions: Safetensors {
    get throws {
      var file = Safetensors()
      let fields = configuration.fieldNames
      let names = Self.networkNames(configuration.family)
      for (name, scales) in zip(names, Self.networkScales(configuration, fields)) {
        for (index, field) in fields.enumerated() {
          file.tensors["\(name).in_scale_\(field)"] = Safetensors.Tensor([1 / scales.input[index]], shape: [])
          file.tensors["\(name).out_scale_\(field)"] = Safetensors.Tensor([scales.output[index]], shape: [])
        }
      }
      file.metadata["model_kwargs"] = try configuration.publishedKeywords(ResidualSettings(configuration))
      return file
    }
  }

  /// L of the density matrices that a network of this configuration can run on.
  static func sites(of layout: StateLayout, _ configuration: ModelConfiguration) throws -> Int {
    guard let sites = layout.densityMatrixSites else {
      throw LearningError(
        .invalidData,
        "the network was made for a density matrix [L, L] complex and two vectors [L] on a ring; the state consists of "
          + layout.summary)
    }
    try configuration.scales.check(layout)
    return try checked(sites)
  }

  static func checked(_ sites: Int) throws -> Int {
    guard sites >= 2, sites % 2 == 0, sites <= 4096 else {
      throw LearningError(.invalidData, "a lattice must have an even number of sites between 2 and 4096, got \(sites)")
    }
    return sites
  }
}
