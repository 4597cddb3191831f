public import Trajectories

/// The kind of a model.
public struct ModelFamily: RawRepresentable, Codable, Sendable, Hashable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
}

/// Everything that determines a trainable model apart from its weights.
public struct ModelConfiguration: Sendable, Equatable {
  public var family: ModelFamily
  /// The family's own settings, by name.
  public var settings: [String: Attribute]
  public var scales: FieldScales
  /// What every predicted state is made to obey; nil for nothing.
  public var constraint: StateConstraint?
  /// What it learns; part of the JSON where it is not the state.
  public var learns: LearningTarget
  /// Time between two frames, which a model of the time derivative must know to integrate over it; nil for others.
  public var interval: Double?
  /// The states that it learns; nil where a checkpoint does not say it, as published and earlier ones.
  ///
  /// Not part of the JSON: a checkpoint keeps it beside, so that the configuration has the bytes that it always had.
  public var layout: StateLayout?

  public init(
    family: ModelFamily, settings: [String: Attribute], scales: FieldScales = .ones,
    constraint: StateConstraint? = nil, learns: LearningTarget = .state, interval: Double? = nil,
    layout: StateLayout? = nil
  ) {
    self.family = family
    self.settings = settings
    self.scales = scales
    self.constraint = constraint
    self.learns = learns
    self.interval = interval
    self.layout = layout
  }

  /// Names of the fields, in order: those of the layout, or without one those of published checkpoints.
  var fieldNames: [String] { layout?.fields.map(\.name) ?? PublishedNames.fields }
}

/// One JSON object that holds the settings of the family beside `family`, `scalars`, `constraint`, `learns`
/// and `interval`.
extension ModelConfiguration: Codable {
  private struct Key: CodingKey, Hashable {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static let family = Key(stringValue: "family")
    static let scales = Key(stringValue: "scalars")
    static let constraint = Key(stringValue: "constraint")
    static let learns = Key(stringValue: "learns")
    static let interval = Key(stringValue: "interval")
    static let own: Set<Key> = [family, scales, constraint, learns, interval]
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    family = try container.decode(ModelFamily.self, forKey: .family)
    scales = try container.decode(FieldScales.self, forKey: .scales)
    constraint = try container.decodeIfPresent(StateConstraint.self, forKey: .constraint)
    learns = try container.decodeIfPresent(LearningTarget.self, forKey: .learns) ?? .state
    interval = try container.decodeIfPresent(Double.self, forKey: .interval)
    settings = [:]
    for key in container.allKeys where !Key.own.contains(key) {
      settings[key.stringValue] = try container.decode(Attribute.self, forKey: key)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(family, forKey: .family)
    try container.encode(scales, forKey: .scales)
    try container.encodeIfPresent(constraint, forKey: .constraint)
    if learns != .state { try container.encode(learns, forKey: .learns) }
    try container.encodeIfPresent(interval, forKey: .interval)
    for (name, value) in settings { try container.encode(value, forKey: Key(stringValue: name)) }
  }
}
