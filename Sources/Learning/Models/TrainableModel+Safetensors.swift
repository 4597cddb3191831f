internal import Foundation
internal import Trajectories

/// Metadata entries of model files. What a loader does not know is refused by name, so that a file of a later version
/// is never half understood.
enum ModelFileKey {
  static let notePrefix = "note."
  /// What published files and those of other programs have beside; nothing of it changes what a model predicts.
  static let withoutMeaning: Set = ["format", "source"]
  static let model = "holstream.model"
  static let layout = "holstream.layout"
  /// Attributes of the system that it was trained on.
  static let system = "holstream.system"
  /// How its numbers were computed, in words.
  static let arithmetic = "holstream.arithmetic"
  static let training = "holstream.training"
  static let anomaly = "holstream.anomaly"
  /// The family of a file that is not a checkpoint of a trainable model.
  static let family = "holstream.family"
  /// What published checkpoints have in place of `model`.
  static let publishedKeywords = "model_kwargs"
}

extension TrainableModel {
  /// Weights, configuration, layout and companions.
  public func safetensors() throws -> Safetensors {
    var file = try companions
    file.add(parameters, try Self.parameterLayout(configuration), prefix: "")
    file.metadata[ModelFileKey.model] = try JSON.text(configuration)
    if let layout = configuration.layout { file.metadata[ModelFileKey.layout] = try JSON.text(layout) }
    return file
  }
}

extension Safetensors {
  /// Adds a vector, a tensor a parameter.
  mutating func add(
    _ values: [Float], _ layout: ParameterLayout, prefix: String
  ) {
    for tensor in layout.tensors {
      tensors[prefix + tensor.name] = Tensor(
        Array(values[tensor.offset..<(tensor.offset + tensor.count)]), shape: tensor.shape)
    }
  }

  /// Reads such a vector back. Nothing is allocated that the file does not hold.
  func vector(_ layout: ParameterLayout, prefix: String, name: String) throws -> [Float] {
    func fail(_ reason: String) -> LearningError { LearningError(.checkpointMismatch, "\(name): \(reason)") }
    var values: [Float] = []
    for tensor in layout.tensors {
      guard let stored = tensors[prefix + tensor.name] else { throw fail("tensor \(prefix + tensor.name) is missing") }
      guard stored.shape == tensor.shape, let floats = stored.floats else {
        throw fail(
          "tensor \(prefix + tensor.name) should be F32 of shape \(tensor.shape), it is \(stored.type) \(stored.shape)")
      }
      values += floats
    }
    return values
  }

  /// Adds sums in double precision.
  mutating func add(_ values: [Double], _ layout: ParameterLayout) {
    for tensor in layout.tensors {
      tensors[tensor.name] = Tensor(
        doubles: Array(values[tensor.offset..<(tensor.offset + tensor.count)]), shape: tensor.shape)
    }
  }

  /// Reads such sums back. Nothing is allocated that the file does not hold.
  func doubles(_ layout: ParameterLayout, name: String) throws -> [Double] {
    var values: [Double] = []
    for tensor in layout.tensors {
      guard let stored = tensors[tensor.name], stored.shape == tensor.shape, let doubles = stored.doubles,
        doubles.allSatisfy(\.isFinite)
      else {
        throw LearningError(
          .checkpointMismatch,
          "\(name): tensor \(tensor.name) is missing or is not finite numbers of type F64 and shape \(tensor.shape)")
      }
      values += doubles
    }
    return values
  }

  /// A metadata entry as a value; nil when there is none.
  /// - Throws: `LearningError` when it cannot be read, or names the first key in it that is unknown: what is said there
  ///   and not done gives wrong numbers.
  func decode<Value: Codable>(_ type: Value.Type, _ key: String, name: String) throws -> Value? {
    guard let json = metadata[key] else { return nil }
    do { return try JSON.value(type, json) } catch let error as JSON.UnknownKey {
      throw LearningError(
        .checkpointMismatch,
        "\(name): `\(error.path)` in the metadata entry \(key) is unknown to this version; was the file written by a later one?"
      )
    } catch {
      throw LearningError(.checkpointMismatch, "\(name): the metadata entry \(key) cannot be read: \(error)")
    }
  }

  /// - Throws: `LearningError` that names the first metadata entry or tensor that is not among the known. Notes
  ///   (`note.…`), and where a file comes from, say nothing of the model.
  func refuseUnknown(keys: Set<String>, tensors known: (String) -> Bool, name: String) throws {
    func fail(_ what: String) -> LearningError {
      LearningError(
        .checkpointMismatch, "\(name): \(what) is unknown to this version; was the file written by a later one?")
    }
    let others = keys.union(ModelFileKey.withoutMeaning)
    if let key = metadata.keys.filter({ !$0.hasPrefix(ModelFileKey.notePrefix) && !others.contains($0) }).min() {
      throw fail("the metadata entry \(key)")
    }
    if let tensor = tensors.keys.filter({ !known($0) }).min() { throw fail("tensor \(tensor)") }
  }
}

/// JSON with the same bytes for the same value.
enum JSON {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// A key that a value does not have.
  struct UnknownKey: Error {
    /// As `configuration.loss.huber`.
    let path: String
  }

  /// Keys that are left out when they say what goes without saying.
  private static let leftOut: Set = ["learns"]

  /// Reads a value.
  /// - Throws: `UnknownKey` for a key that it would not write again, null apart; `DecodingError`.
  static func value<Value: Codable>(_ type: Value.Type, _ json: String) throws -> Value {
    let decoder = JSONDecoder()
    let value = try decoder.decode(type, from: Data(json.utf8))
    let stated = try decoder.decode(Attribute.self, from: Data(json.utf8))
    let known = try decoder.decode(Attribute.self, from: JSONEncoder().encode(value))
    if let path = unknown(in: stated, beside: known) { throw UnknownKey(path: path) }
    return value
  }

  private static func unknown(in stated: Attribute, beside known: Attribute) -> String? {
    if let members = stated.object, let own = known.object {
      for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null && !leftOut.contains(key) {
        guard let other = own[key] else { return key }
        if let path = unknown(in: value, beside: other) { return "\(key).\(path)" }
      }
    } else if let elements = stated.list, let own = known.list {
      for (value, other) in zip(elements, own) {
        if let path = unknown(in: value, beside: other) { return path }
      }
    }
    return nil
  }
}
