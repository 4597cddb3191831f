public import Foundation

extension ModelFamily {
  /// Nothing changes.
  public static let persistence = ModelFamily(rawValue: "persistence")
  /// Linear in the surroundings of each site pair.
  public static let linearRegression = ModelFamily(rawValue: "linear-regression")
  /// Random recurrent features with a fitted readout.
  public static let echoState = ModelFamily(rawValue: "echo-state")
}

/// All families of models. A new one is a file with a type that conforms to `SurrogateModel`, and a line here.
public enum ModelCatalogue {
  /// Metadata entry that names the family of a file that is not a network's checkpoint.
  static let familyKey = "holstream.family"

  private static let families: [ModelFamily: @Sendable (Safetensors) throws -> any SurrogateModel] = [
    .cnn: { try Checkpoint($0, name: "checkpoint").surrogate() },
    .parc: { try Checkpoint($0, name: "checkpoint").surrogate() },
    .persistence: { _ in Persistence() },
    .linearRegression: { try LinearRegression($0) },
    .echoState: { try EchoStateNetwork($0) },
  ]

  /// Names of all families, for messages and tables.
  public static var names: [String] { families.keys.map(\.rawValue).sorted() }

  /// Reads a model of whatever family from its file.
  /// - Throws: `LearningError` when the file cannot be read, or its family is unknown, or it does not fit its family.
  public static func model(contentsOf url: URL) throws -> any SurrogateModel {
    let file = try Safetensors(contentsOf: url)
    // Published checkpoints have no family entry; the networks' own reader tells CNN from PARC.
    let family = file.metadata[familyKey].map { ModelFamily(rawValue: $0) } ?? .cnn
    guard let load = families[family] else {
      throw LearningError(
        .checkpointMismatch,
        "\(url.path): family “\(family.rawValue)” is unknown; known are \(names.joined(separator: ", "))")
    }
    return try load(file)
  }
}
