internal import Foundation

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
    var scalars: FieldScales?
    var isDirect: Bool?
    /// Ours, and only where there is one: a program that does not know it must not take the model for another.
    var constraint: StateConstraint?

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
      case constraint
    }
  }

  /// Reads the `model_kwargs` metadata of a published checkpoint, a JSON object.
  /// - Throws: `LearningError` when it is not such an object, or describes a network that this program does not have.
  public init(publishedKeywords json: String) throws {
    let keywords: Keywords
    do { keywords = try JSON.value(Keywords.self, json) } catch let error as JSON.UnknownKey {
      throw LearningError(.checkpointMismatch, "the key `\(error.path)` of model_kwargs is unknown to this version")
    } catch {
      throw LearningError(.checkpointMismatch, "the metadata entry model_kwargs cannot be read: \(error)")
    }
    guard keywords.kernelSize ?? 3 == 3, !(keywords.usesResidualScalar ?? false), keywords.usesLayerNorm ?? true,
      ["Tanh", "tanh"].contains(keywords.activation ?? "Tanh"), keywords.type ?? "torch.float32" == "torch.float32"
    else {
      throw LearningError(
        .checkpointMismatch,
        "model_kwargs asks for a network other than 3 × 3 kernels, LayerNorm, tanh, single precision and no residual scalar: \(json)"
      )
    }
    self.init(
      family: keywords.isDirect ?? false ? .cnn : .parc, channels: keywords.channels, blocks: keywords.blocks,
      dropout: keywords.dropout, zeroInitialisedOutput: keywords.zeroInitialisedOutput ?? true,
      scales: keywords.scalars ?? FieldScales(fields: PublishedNames.fields), constraint: keywords.constraint)
  }

  /// The `model_kwargs` entry that the published program reads.
  func publishedKeywords(_ settings: ResidualSettings) throws -> String {
    var named = scales
    for name in fieldNames { named[name] = scales[name] }
    let keywords = Keywords(
      channels: settings.channels, blocks: settings.blocks, dropout: settings.dropout, kernelSize: 3,
      usesResidualScalar: false, activation: "Tanh", initialisation: "xavier_uniform",
      zeroInitialisedOutput: settings.zeroInitialisedOutput, type: "torch.float32", usesLayerNorm: true,
      scalars: named, isDirect: family == .cnn, constraint: constraint)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(keywords), as: UTF8.self)
  }
}
