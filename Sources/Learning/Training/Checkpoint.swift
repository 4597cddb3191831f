public import Foundation
public import Trajectories

/// A model's weights, and what its training needs to go on, as one safetensors file.
///
/// Tensors of residual networks have the published names, so that the published PyTorch program reads the weights and
/// this program reads its; the optimizer's moments lie beside them under `optimizer.first.` and `optimizer.second.`, and
/// where the weights are a moving average, those that are trained under `optimizer.trained.`.
public struct Checkpoint: Sendable, Equatable {
  /// What training needs beside the weights.
  public struct Training: Sendable, Equatable {
    public var configuration: TrainerConfiguration
    /// Number of the next batch. Noise, dropout, sampling and learning rate follow from it and the seed.
    public var step: Int
    /// Batches that changed the parameters.
    public var updates: Int
    /// Moments of AdamW, in the order of the parameters.
    public var firstMoments: [Float]
    public var secondMoments: [Float]
    /// In place of moments, of a model that is fitted in closed form; in the order of the family's layout of sums.
    public var sums: [Double] = []
    /// The weights that are trained, in the order of the parameters, where the parameters are their moving average.
    public var trained: [Float]?
  }

  /// With the layout of the states, where it is known.
  public var model: ModelConfiguration
  /// In the order of the family's parameter layout.
  public var parameters: [Float]
  /// Nil for a file of weights only, as published ones are.
  public var training: Training?
  /// Attributes of the system that it was trained on, which make the system again; nil where the file does not say.
  public var system: [String: Attribute]?
  /// How its numbers were computed, in words; nil where the file does not say.
  public var arithmetic: String?
  /// Further metadata of the caller (the state of a reservoir, a run's name), by key.
  public var notes: [String: String]

  public init(
    model: ModelConfiguration, parameters: [Float], training: Training? = nil, system: [String: Attribute]? = nil,
    arithmetic: String? = nil, notes: [String: String] = [:]
  ) {
    self.model = model
    self.parameters = parameters
    self.training = training
    self.system = system
    self.arithmetic = arithmetic
    self.notes = notes
  }

  private struct Progress: Codable {
    var configuration: TrainerConfiguration
    var step: Int
    var updates: Int
  }

  /// The states that the model was trained on; nil where the file does not say, as of published and earlier ones.
  public var layout: StateLayout? { model.layout }

  /// - Throws: `LearningError` when the file cannot be read, breaks its format, its tensors are not those of its own
  ///   configuration, or it holds something that this version does not know.
  public init(contentsOf url: URL) throws { try self.init(Safetensors(contentsOf: url), name: url.path) }

  init(_ file: Safetensors, name: String) throws {
    let trained = try TrainedFile(file, name: name)
    model = trained.model
    parameters = trained.parameters
    system = trained.system
    arithmetic = trained.arithmetic
    if var progress = try file.decode(Progress.self, ModelFileKey.training, name: name) {
      progress.configuration.model.layout = model.layout
      try progress.configuration.validate()
      guard progress.configuration.model == model, (0...1 << 48).contains(progress.step),
        (0...1 << 48).contains(progress.updates)
      else {
        throw LearningError(.checkpointMismatch, "\(name): the training state belongs to another model")
      }
      let hasSums = trained.sumsLayout.count > 0
      let moments = try TrainedFile.momentPrefixes.map {
        hasSums ? [] : try file.vector(trained.parameterLayout, prefix: $0, name: name)
      }
      let sums = try file.doubles(trained.sumsLayout, name: name)
      for tensor in trained.sumsLayout.tensors where tensor.name == ReadoutSums.counts {
        guard sums[tensor.offset..<(tensor.offset + tensor.count)].allSatisfy({ (0...0x1p48).contains($0) }) else {
          throw LearningError(.checkpointMismatch, "\(name): \(tensor.name) holds what are no counts of frames")
        }
      }
      let trained = try progress.configuration.average.map { _ in
        try file.vector(trained.parameterLayout, prefix: TrainedFile.trainedPrefix, name: name)
      }
      training = Training(
        configuration: progress.configuration, step: progress.step, updates: progress.updates,
        firstMoments: moments[0], secondMoments: moments[1], sums: sums, trained: trained)
    }
    notes = [:]
    for (key, value) in file.metadata where key.hasPrefix(ModelFileKey.notePrefix) {
      notes[String(key.dropFirst(ModelFileKey.notePrefix.count))] = value
    }
  }

  /// The file that holds the checkpoint.
  public func safetensors() throws -> Safetensors {
    let surrogate = try surrogate()
    var file = try surrogate.safetensors()
    if let training {
      let layout = try type(of: surrogate).parameterLayout(model)
      let sums = try type(of: surrogate).sumsLayout(model)
      if sums.count > 0 {
        file.add(training.sums, sums)
      } else {
        for (prefix, moments) in zip(TrainedFile.momentPrefixes, [training.firstMoments, training.secondMoments]) {
          file.add(moments, layout, prefix: prefix)
        }
      }
      if let trained = training.trained { file.add(trained, layout, prefix: TrainedFile.trainedPrefix) }
      file.metadata[ModelFileKey.training] = try JSON.text(
        Progress(configuration: training.configuration, step: training.step, updates: training.updates))
    }
    if let system { file.metadata[ModelFileKey.system] = try JSON.text(system) }
    file.metadata[ModelFileKey.arithmetic] = arithmetic
    for (key, value) in notes { file.metadata[ModelFileKey.notePrefix + key] = value }
    return file
  }

  /// Writes the file atomically, as `Safetensors.write(to:)` does.
  /// - Throws: `LearningError` of code `unwritable`.
  /// - Parameter landing: Is called immediately before the file gets its name.
  public func write(to url: URL, landing: () -> Void = {}) throws { try safetensors().write(to: url, landing: landing) }

  /// The model that the checkpoint holds.
  /// - Throws: `LearningError` when parameters and configuration do not fit together.
  public func surrogate() throws -> any TrainableModel { try ModelCatalogue.model(model, parameters: parameters) }
}
