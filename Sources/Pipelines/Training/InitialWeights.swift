internal import Foundation
internal import Learning
internal import Trajectories

/// The weights of an earlier training, ours or another program's, that a training begins with (`initial-weights:`).
///
/// With the weights come the scales of their input and output: without them they would be another function.
struct InitialWeights: Sendable {
  /// As the pipeline file names it.
  let path: String
  private let configuration: ModelConfiguration
  private let layout: ParameterLayout
  let parameters: [Float]
  var scales: FieldScales { configuration.scales }
  /// Step of their own training; nil where the file does not say.
  private let step: Int?

  /// - Throws: `LearningError` for a file that cannot be read; `RunError` for a model without weights that are trained.
  init(_ path: String) throws {
    self.path = path
    let url = URL(filePath: path)
    guard let model = try ModelCatalogue.model(contentsOf: url) as? any TrainableModel else {
      throw RunError(.badInput, "initial-weights: \(path) holds a model that is not trained by steps")
    }
    configuration = model.configuration
    parameters = model.parameters
    layout = try type(of: model).parameterLayout(configuration)
    step = try? Checkpoint(contentsOf: url).training?.step
  }

  /// The model that a pipeline asks for, with the scales of these weights.
  /// - Throws: `RunError` that names what does not fit together.
  func model(_ wanted: ModelConfiguration) throws -> ModelConfiguration {
    func refusal(_ what: String) -> RunError {
      RunError(.badInput, "initial-weights: \(path) does not fit the model that the pipeline asks for: \(what)")
    }
    guard configuration.family == wanted.family else {
      throw refusal("its family is \(configuration.family.rawValue), not \(wanted.family.rawValue)")
    }
    guard configuration.learns == wanted.learns else {
      throw refusal("it learnt the \(configuration.learns.rawValue), not the \(wanted.learns.rawValue)")
    }
    if let own = configuration.layout, let other = wanted.layout, !own.hasSameNumbers(as: other, inOrder: true) {
      throw refusal("it learnt states of \(own.summary), not of \(other.summary)")
    }
    let needed = try ModelCatalogue.type(wanted.family, for: wanted.layout).parameterLayout(wanted)
    guard layout.tensors == needed.tensors else {
      let pair = zip(layout.tensors, needed.tensors).first { $0 != $1 }
      throw refusal(
        pair.map { "its \($0.name) has the shape \($0.shape), needed is \($1.name) of \($1.shape)" }
          ?? "it has \(layout.tensors.count) tensors, needed are \(needed.tensors.count)")
    }
    var model = wanted
    model.scales = scales
    return model
  }

  /// What the run says of it.
  var words: String {
    "begins with the weights and scales of \(path): \(configuration.family.rawValue), \(parameters.count) parameters"
      + (step.map { ", step \($0)" } ?? "")
  }
}
