public import Settings
public import Trajectories

/// An entry of the catalogue: a system's word, and how it is made.
///
/// Most systems are a Swift type each; those of the library of equations are one type and a file.
public struct SystemKind: Sendable {
  /// How settings and stores spell it, such as `lorenz-96`.
  public let word: String
  /// One sentence for the list of systems.
  public let summary: String
  private let read: @Sendable (ConfigurationSection, UInt64) -> any DynamicalSystem
  private let restored: @Sendable ([String: Attribute]) throws(SystemError) -> any DynamicalSystem
  private let implied: @Sendable (StateLayout) -> [String]

  init(_ type: any DynamicalSystem.Type) {
    word = type.word
    summary = type.summary
    read = { type.init($0, seed: $1) }
    restored = { attributes throws(SystemError) in try type.init(attributes: attributes) }
    implied = { type.settings(for: $0) }
  }

  init(_ definition: EquationDefinition) {
    word = definition.name
    summary = definition.summary
    read = { section, _ in EquationSystem(definition, isOwn: false, section) }
    restored = { attributes throws(SystemError) in try EquationSystem(attributes: attributes) }
    implied = { _ in [] }
  }

  /// The system with its settings; what is wrong is reported to the section.
  public func make(_ section: ConfigurationSection, seed: UInt64) -> any DynamicalSystem { read(section, seed) }

  /// The system of which these are the attributes.
  /// - Throws: `SystemError` naming a key that is missing, unknown or makes no sense.
  public func make(attributes: [String: Attribute]) throws(SystemError) -> any DynamicalSystem {
    try restored(attributes)
  }

  /// Settings that states of this layout imply.
  public func settings(for layout: StateLayout) -> [String] { implied(layout) }
}
