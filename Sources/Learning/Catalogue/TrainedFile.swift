internal import Trajectories

/// Configuration and weights of a trainable model, from its file; what a checkpoint is read from.
struct TrainedFile {
  let model: ModelConfiguration
  let type: any TrainableModel.Type
  let parameterLayout: ParameterLayout
  let parameters: [Float]
  /// Of models that are fitted in closed form; else empty.
  let sumsLayout: ParameterLayout
  let system: [String: Attribute]?
  let arithmetic: String?

  static let momentPrefixes = ["optimizer.first.", "optimizer.second."]
  /// Of the weights that are trained, where the model's are their moving average.
  static let trainedPrefix = "optimizer.trained."
  static let batchPrefix = "batch."

  /// - Throws: `LearningError` when the tensors are not those of the file's own configuration, or it holds something
  ///   that this version does not know.
  init(_ file: Safetensors, name: String) throws {
    var model: ModelConfiguration
    if let own = try file.decode(ModelConfiguration.self, ModelFileKey.model, name: name) {
      model = own
    } else if let keywords = file.metadata[ModelFileKey.publishedKeywords] {
      model = try ModelConfiguration(publishedKeywords: keywords)
    } else {
      throw LearningError(
        .checkpointMismatch,
        "\(name): it has neither the metadata entry \(ModelFileKey.model) nor \(ModelFileKey.publishedKeywords), so its "
          + "model is unknown")
    }
    model.layout = try file.decode(StateLayout.self, ModelFileKey.layout, name: name)
    try model.validate()
    type = try ModelCatalogue.type(model.family, for: model.layout)
    parameterLayout = try type.parameterLayout(model)
    sumsLayout = try type.sumsLayout(model)
    parameters = try file.vector(parameterLayout, prefix: "", name: name)
    system = try file.decode([String: Attribute].self, ModelFileKey.system, name: name)
    arithmetic = file.metadata[ModelFileKey.arithmetic]
    self.model = model

    let isAnomaly = file.metadata[ModelFileKey.anomaly] != nil
    let named = Set(parameterLayout.tensors.map(\.name))
    let sums = Set(sumsLayout.tensors.map(\.name))
    let companions = Set(try type.init(configuration: model, parameters: parameters).companions.tensors.keys)
    try file.refuseUnknown(
      keys: [
        ModelFileKey.model, ModelFileKey.layout, ModelFileKey.system, ModelFileKey.arithmetic, ModelFileKey.training,
        ModelFileKey.anomaly, ModelFileKey.publishedKeywords,
      ],
      tensors: { tensor in
        named.contains(tensor) || sums.contains(tensor) || companions.contains(tensor)
          || isAnomaly && tensor.hasPrefix(Self.batchPrefix)
          || (Self.momentPrefixes + [Self.trainedPrefix]).contains {
            tensor.hasPrefix($0) && named.contains(String(tensor.dropFirst($0.count)))
          }
      }, name: name)
  }

  func surrogate() throws -> any TrainableModel { try type.init(configuration: model, parameters: parameters) }
}
