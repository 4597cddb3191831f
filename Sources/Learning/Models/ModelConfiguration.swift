internal import Foundation

/// The kind of a model.
public struct ModelFamily: RawRepresentable, Codable, Sendable, Hashable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// A residual convolutional network that predicts the change over one interval directly.
  public static let cnn = ModelFamily(rawValue: "cnn")
  /// Two such networks: one predicts time derivatives, the other turns them into the change over one interval.
  public static let parc = ModelFamily(rawValue: "parc")
}

/// Everything that determines a network apart from its weights.
public struct ModelConfiguration: Codable, Sendable, Equatable {
  public var family: ModelFamily
  /// Channels of the hidden layers, C.
  public var channels: Int
  /// Residual blocks of each network.
  public var blocks: Int
  /// Probability that a channel is dropped in training, inside each block.
  public var dropout: Float
  /// Whether the last layer of the CNN or of the integrator starts at zero, so that training starts from persistence.
  public var zeroInitialisedOutput: Bool
  public var scalars: DataScalars
  /// What every predicted state is made to obey; nil for nothing, as published.
  public var constraint: StateConstraint?

  public init(
    family: ModelFamily, channels: Int = 16, blocks: Int = 1, dropout: Float = 0.2, zeroInitialisedOutput: Bool = true,
    scalars: DataScalars = .ones, constraint: StateConstraint? = nil
  ) {
    self.family = family
    self.channels = channels
    self.blocks = blocks
    self.dropout = dropout
    self.zeroInitialisedOutput = zeroInitialisedOutput
    self.scalars = scalars
    self.constraint = constraint
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` that names the setting and its bounds.
  public func validate() throws {
    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw LearningError(.invalidConfiguration, message()) }
    }
    try check(
      family == .cnn || family == .parc, "network family “\(family.rawValue)” is unknown; use “cnn” or “parc”")
    try check((1...4096).contains(channels), "channels must be between 1 and 4096, got \(channels)")
    try check((1...256).contains(blocks), "blocks must be between 1 and 256, got \(blocks)")
    try check(dropout >= 0 && dropout < 1, "dropout must be at least 0 and below 1, got \(dropout)")
    try check(scalars.isUsable, "every data scalar must be positive and finite, got \(scalars)")
  }
}

extension ModelConfiguration {
  /// The metadata of published checkpoints, entry `model_kwargs`.
  private struct Keywords: Codable {
    var channels: Int
    var blocks: Int
    var dropout: Float
    var kernelSize: Int?
    var usesResidualScalar: Bool?
    var activation: String?
    var initialisation: String?
    var zeroInitialisedOutput: Bool?
    var type: String?
    var usesLayerNorm: Bool?
    var scalars: DataScalars?
    var isDirect: Bool?

    enum CodingKeys: String, CodingKey {
      case channels
      case blocks = "n_blocks"
      case dropout = "dropout_p"
      case kernelSize = "kernel_size"
      case usesResidualScalar = "use_residual_scalar"
      case activation = "act_func"
      case initialisation = "init_method"
      case zeroInitialisedOutput = "zero_initialize_output"
      case type = "dtype"
      case usesLayerNorm = "use_layernorm"
      case scalars = "data_scalars"
      case isDirect = "simple_cnn"
    }
  }

  /// Reads the `model_kwargs` metadata of a published checkpoint, a JSON object.
  /// - Throws: `LearningError` when it is not such an object, or describes a network that this program does not have.
  public init(publishedKeywords json: String) throws {
    let keywords: Keywords
    do { keywords = try JSONDecoder().decode(Keywords.self, from: Data(json.utf8)) } catch {
      throw LearningError(.checkpointMismatch, "the metadata entry model_kwargs cannot be read: \(error)")
    }
    guard keywords.kernelSize ?? 3 == 3, !(keywords.usesResidualScalar ?? false), keywords.usesLayerNorm ?? true,
      ["Tanh", "tanh"].contains(keywords.activation ?? "Tanh")
    else {
      throw LearningError(
        .checkpointMismatch,
        "model_kwargs asks for a network other than 3 × 3 kernels, LayerNorm, tanh and no residual scalar: \(json)")
    }
    self.init(
      family: keywords.isDirect ?? false ? .cnn : .parc, channels: keywords.channels, blocks: keywords.blocks,
      dropout: keywords.dropout, zeroInitialisedOutput: keywords.zeroInitialisedOutput ?? true,
      scalars: keywords.scalars ?? .ones)
    try validate()
  }

  /// The `model_kwargs` entry that the published program reads.
  var publishedKeywords: String {
    get throws {
      let keywords = Keywords(
        channels: channels, blocks: blocks, dropout: dropout, kernelSize: 3, usesResidualScalar: false,
        activation: "Tanh", initialisation: "xavier_uniform", zeroInitialisedOutput: zeroInitialisedOutput,
        type: "torch.float32", usesLayerNorm: true, scalars: scalars, isDirect: family == .cnn)
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(keywords), as: UTF8.self)
    }
  }
}
