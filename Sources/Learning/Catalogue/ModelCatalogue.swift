public import Foundation
public import Trajectories

/// All families of models. A new one is a file with a type that conforms to `TrainableModel` (or, when it is fitted in
/// closed form, to `SurrogateModel`), and a line here.
public enum ModelCatalogue {
  /// Families that are trained. Where several types share a family, the first that accepts the states is taken.
  static let trainable: [any TrainableModel.Type] = [
    NetworkModel.self, GridNetworkModel.self, PerceptronModel.self, GraphNetworkModel.self, VectorAutoregression.self,
    EchoState.self, PiecewiseLinearModel.self, FourierOperator.self, ForceFieldModel.self,
  ]

  /// Families that are fitted, and how their files are read.
  private static let fitted: [ModelFamily: @Sendable (Safetensors) throws -> any SurrogateModel] = [
    .persistence: { try Persistence($0) },
    .linearRegression: { try LinearRegression($0) },
    // Baselines of verdicts, and files of earlier versions; those of today are trainable models.
    .echoState: { try EchoStateNetwork($0) },
  ]

  /// Words of the families that are trained, in the catalogue's order.
  public static var trainableFamilies: [ModelFamily] {
    trainable.flatMap { $0.families }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Names of all families, for messages and tables.
  public static var names: [String] { Set(trainableFamilies + fitted.keys).map(\.rawValue).sorted() }

  /// Whether a family learns from every window once, in order, and not from batches.
  public static func takesEachWindowOnce(_ family: ModelFamily) -> Bool {
    trainable.first { $0.families.contains(family) }?.takesEachWindowOnce ?? false
  }

  /// The type that implements a family for such states.
  ///
  /// - Parameter layout: Nil where it is not known yet, or the checkpoint does not say.
  /// - Throws: `LearningError` of code `invalidConfiguration` when there is none.
  public static func type(_ family: ModelFamily, for layout: StateLayout?) throws -> any TrainableModel.Type {
    let types = trainable.filter { $0.families.contains(family) }
    guard let first = types.first else {
      throw LearningError(
        .invalidConfiguration,
        "family “\(family.rawValue)” is unknown or is not trained; use "
          + trainableFamilies.map { "“\($0.rawValue)”" }.joined(separator: " or "))
    }
    if let type = types.first(where: { $0.accepts(layout) }) { return type }
    guard let layout else { return first }
    let others = trainable.filter { $0.accepts(layout) }.flatMap { $0.families }.map(\.rawValue)
    throw LearningError(
      .invalidConfiguration,
      "the family “\(family.rawValue)” cannot learn states of \(layout.summary); "
        + (others.isEmpty ? "no family can" : "use \(others.joined(separator: " or "))"))
  }

  /// A model with these weights.
  public static func model(_ configuration: ModelConfiguration, parameters: [Float]) throws -> any TrainableModel {
    try type(configuration.family, for: configuration.layout).init(
      configuration: configuration, parameters: parameters)
  }

  /// Reads a model of whatever family from its file.
  /// - Throws: `LearningError` when the file cannot be read, or its family is unknown, or it does not fit its family.
  public static func model(contentsOf url: URL) throws -> any SurrogateModel {
    try model(Safetensors(contentsOf: url), name: url.path)
  }

  static func model(_ file: Safetensors, name: String) throws -> any SurrogateModel {
    // Checkpoints of trainable models say their family in their configuration, published ones in their keywords.
    guard let family = file.metadata[ModelFileKey.family].map({ ModelFamily(rawValue: $0) }) else {
      return try TrainedFile(file, name: name).surrogate()
    }
    guard let load = fitted[family] else {
      throw LearningError(
        .checkpointMismatch,
        "\(name): family “\(family.rawValue)” is unknown; known are \(names.joined(separator: ", "))")
    }
    return try load(file)
  }
}
