internal import CKernels
internal import Tensors

/// A network with fixed weights: the CNN or the PARC model at inference.
public struct NetworkModel: SurrogateModel {
  public let configuration: ModelConfiguration
  /// All parameters in the order of `ParameterLayout`.
  public let parameters: [Float]

  /// - Throws: `LearningError` when the configuration is not valid or the number of parameters is not its own.
  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.validate()
    guard parameters.count == configuration.parameterCount else {
      throw LearningError(
        .checkpointMismatch,
        "the configuration has \(configuration.parameterCount) parameters, \(parameters.count) were given")
    }
    self.configuration = configuration
    self.parameters = parameters
  }

  public var summary: String {
    "\(configuration.family.rawValue) \(configuration.channels)×\(configuration.blocks), \(parameters.count) parameters"
  }

  public func predictor(sites: Int) throws -> any Predictor { try networkPredictor(sites: sites) }

  /// Prepares rollouts and evaluations on lattices of `sites` sites.
  ///
  /// - Parameter workers: Cores that one step may use. Only networks of 64 channels and more gain from a second; results
  ///   are the same bits.
  /// - Throws: `LearningError` when `sites` is odd or too small for a 3 × 3 kernel.
  public func networkPredictor(sites: Int, workers: Int = 2) throws -> NetworkPredictor {
    NetworkPredictor(self, sites: try Self.checked(sites), workers: workers)
  }

  public func safetensors() throws -> Safetensors {
    try Checkpoint(model: configuration, parameters: parameters).safetensors()
  }

  static func checked(_ sites: Int) throws -> Int {
    guard sites >= 2, sites % 2 == 0, sites <= 4096 else {
      throw LearningError(.invalidData, "a lattice must have an even number of sites between 2 and 4096, got \(sites)")
    }
    return sites
  }
}
