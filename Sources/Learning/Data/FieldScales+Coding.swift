public import Trajectories

/// JSON of scales: an object of numbers, keyed by `x`, `dx` and `delta_x` for the state, the tendency and the increment of
/// a field x, which are the names of the published checkpoints. Where this would be ambiguous (fields x and dx), an
/// object with `state`, `tendency` and `increment` a field.
extension FieldScales: Codable {
  private static let prefixes = ["", "d", "delta_"]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private enum Part: String, CodingKey { case state, tendency, increment }

  /// The fields that keys of the flat form belong to; nil when they belong to none, or it is not clear to which.
  private static func names(of keys: Set<String>) -> [String]? {
    let found = keys.filter { $0.hasPrefix("delta_") }.map { String($0.dropFirst("delta_".count)) }
      .filter { name in prefixes.allSatisfy { keys.contains($0 + name) } }
    return found.count * prefixes.count == keys.count ? found : nil
  }

  private var isFlat: Bool {
    let keys = Set(fields.keys.flatMap { name in Self.prefixes.map { $0 + name } })
    return Self.names(of: keys).map(Set.init) == Set(fields.keys)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let keys = container.allKeys
    var fields: [String: FieldScale] = [:]
    if let key = keys.first, (try? container.decode(Float.self, forKey: key)) == nil {
      for key in keys {
        let part = try container.nestedContainer(keyedBy: Part.self, forKey: key)
        fields[key.stringValue] = FieldScale(
          state: try part.decode(Float.self, forKey: .state), tendency: try part.decode(Float.self, forKey: .tendency),
          increment: try part.decode(Float.self, forKey: .increment))
      }
      self.init(fields)
      return
    }
    guard let names = Self.names(of: Set(keys.map(\.stringValue))) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "scales come in threes, x, dx and delta_x; got \(keys.map(\.stringValue).sorted())"))
    }
    for name in names {
      func number(_ prefix: String) throws -> Float {
        try container.decode(Float.self, forKey: Key(stringValue: prefix + name))
      }
      fields[name] = FieldScale(state: try number(""), tendency: try number("d"), increment: try number("delta_"))
    }
    self.init(fields)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    let isFlat = isFlat
    for (name, scale) in fields {
      if isFlat {
        for (prefix, number) in zip(Self.prefixes, scale.numbers) {
          try container.encode(number, forKey: Key(stringValue: prefix + name))
        }
      } else {
        var part = container.nestedContainer(keyedBy: Part.self, forKey: Key(stringValue: name))
        try part.encode(scale.state, forKey: .state)
        try part.encode(scale.tendency, forKey: .tendency)
        try part.encode(scale.increment, forKey: .increment)
      }
    }
  }

  /// Scales that were written down by hand, by the same keys (`x`, `dx`, `delta_x`); those left out are 1.
  ///
  /// - Throws: `LearningError` of code `invalidConfiguration` that names a key of no field.
  public init(given: [String: Float], for layout: StateLayout) throws {
    self.init(fields: layout.fields.map(\.name))
    var rest = given
    for field in layout.fields {
      // A field's own name goes before what is put in front of another's.
      if let value = rest.removeValue(forKey: field.name) { self[field.name].state = value }
    }
    for field in layout.fields {
      if let value = rest.removeValue(forKey: "d" + field.name) { self[field.name].tendency = value }
      if let value = rest.removeValue(forKey: "delta_" + field.name) { self[field.name].increment = value }
    }
    if let unknown = rest.keys.min() {
      throw LearningError(
        .invalidConfiguration,
        "there is no scale \(unknown): a field x has the scales x, dx and delta_x, and the state consists of "
          + layout.summary)
    }
  }
}
