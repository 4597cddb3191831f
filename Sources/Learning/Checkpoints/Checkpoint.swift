public import Foundation

/// A model's weights, and what its training needs to go on, as one safetensors file.
///
/// Tensors have the published names, so that the published PyTorch program reads the weights and this program reads
/// its; the optimizer's moments lie beside them under `optimizer.first.` and `optimizer.second.`.
public struct Checkpoint: Sendable, Equatable {
  /// What training needs beside the weights.
  public struct Training: Sendable, Equatable {
    public var configuration: TrainerConfiguration
    /// Number of the next batch. Noise, dropout, sampling and learning rate follow from it and the seed.
    public var step: Int
    /// Batches that changed the parameters.
    public var updates: Int
    /// Moments of AdamW, in the order of `ParameterLayout`.
    public var firstMoments: [Float]
    public var secondMoments: [Float]
  }

  public var model: ModelConfiguration
  /// In the order of `ParameterLayout`.
  public var parameters: [Float]
  /// Nil for a file of weights only, as published ones are.
  public var training: Training?
  /// Further metadata of the caller (the state of a reservoir, a run's name), by key.
  public var notes: [String: String]

  public init(
    model: ModelConfiguration, parameters: [Float], training: Training? = nil, notes: [String: String] = [:]
  ) {
    self.model = model
    self.parameters = parameters
    self.training = training
    self.notes = notes
  }

  private static let keywordsKey = "model_kwargs"
  private static let modelKey = "holstream.model"
  private static let trainingKey = "holstream.training"
  private static let notePrefix = "note."

  private struct Progress: Codable {
    var configuration: TrainerConfiguration
    var step: Int
    var updates: Int
  }

  /// - Throws: `LearningError` when the file cannot be read, breaks its format, or its tensors are not those of its
  ///   own configuration.
  public init(contentsOf url: URL) throws { try self.init(Safetensors(contentsOf: url), name: url.path) }

  init(_ file: Safetensors, name: String) throws {
    func fail(_ reason: String) -> LearningError { LearningError(.checkpointMismatch, "\(name): \(reason)") }
    func decode<Value: Decodable>(_ type: Value.Type, _ key: String) throws -> Value? {
      guard let json = file.metadata[key] else { return nil }
      do { return try JSONDecoder().decode(type, from: Data(json.utf8)) } catch {
        throw fail("the metadata entry \(key) cannot be read: \(error)")
      }
    }
    if let own = try decode(ModelConfiguration.self, Self.modelKey) {
      model = own
      try model.validate()
    } else if let keywords = file.metadata[Self.keywordsKey] {
      model = try ModelConfiguration(publishedKeywords: keywords)
    } else {
      throw fail("it has neither the metadata entry \(Self.modelKey) nor model_kwargs, so its model is unknown")
    }
    // The configuration is not trusted: it must describe tensors that the file has before anything is allocated for it.
    guard file.tensors.count >= model.networkNames.count * (4 + 8 * model.blocks) else {
      throw fail("the configuration has more tensors than the file")
    }
    let layout = ParameterLayout(model)
    func vector(prefix: String) throws -> [Float] {
      var values: [Float] = []
      for tensor in layout.tensors {
        guard let stored = file.tensors[prefix + tensor.name] else {
          throw fail("tensor \(prefix + tensor.name) is missing")
        }
        guard stored.shape == tensor.shape, let floats = stored.floats else {
          throw fail(
            "tensor \(prefix + tensor.name) should be F32 of shape \(tensor.shape), it is \(stored.type) \(stored.shape)"
          )
        }
        values += floats
      }
      return values
    }
    parameters = try vector(prefix: "")
    if let progress = try decode(Progress.self, Self.trainingKey) {
      try progress.configuration.validate()
      guard progress.configuration.model == model, progress.step >= 0, progress.updates >= 0 else {
        throw fail("the training state belongs to another model")
      }
      training = Training(
        configuration: progress.configuration, step: progress.step, updates: progress.updates,
        firstMoments: try vector(prefix: "optimizer.first."), secondMoments: try vector(prefix: "optimizer.second."))
    }
    notes = [:]
    for (key, value) in file.metadata where key.hasPrefix(Self.notePrefix) {
      notes[String(key.dropFirst(Self.notePrefix.count))] = value
    }
  }

  /// The file that holds the checkpoint.
  public func safetensors() throws -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var file = Safetensors()
    let layout = ParameterLayout(model)
    func add(_ values: [Float], prefix: String) {
      for tensor in layout.tensors {
        let slice = Array(values[tensor.offset..<(tensor.offset + tensor.count)])
        file.tensors[prefix + tensor.name] = Safetensors.Tensor(slice, shape: tensor.shape)
      }
    }
    add(parameters, prefix: "")
    for (name, scales) in zip(model.networkNames, model.networkScales) {
      for (index, component) in ["rho", "Q", "P"].enumerated() {
        file.tensors["\(name).in_scale_\(component)"] = Safetensors.Tensor([1 / scales.input[index]], shape: [])
        file.tensors["\(name).out_scale_\(component)"] = Safetensors.Tensor([scales.output[index]], shape: [])
      }
    }
    file.metadata[Self.keywordsKey] = try model.publishedKeywords
    file.metadata[Self.modelKey] = String(decoding: try encoder.encode(model), as: UTF8.self)
    if let training {
      add(training.firstMoments, prefix: "optimizer.first.")
      add(training.secondMoments, prefix: "optimizer.second.")
      let progress = Progress(
        configuration: training.configuration, step: training.step, updates: training.updates)
      file.metadata[Self.trainingKey] = String(decoding: try encoder.encode(progress), as: UTF8.self)
    }
    for (key, value) in notes { file.metadata[Self.notePrefix + key] = value }
    return file
  }

  /// Writes the file atomically, as `Safetensors.write(to:)` does.
  /// - Throws: `LearningError` of code `unwritable`.
  public func write(to url: URL) throws { try safetensors().write(to: url) }

  /// The model that the checkpoint holds.
  /// - Throws: `LearningError` when parameters and configuration do not fit together.
  public func surrogate() throws -> NetworkModel { try NetworkModel(configuration: model, parameters: parameters) }
}
