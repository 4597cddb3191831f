public import Settings
public import Trajectories

/// All systems with equations, by their words. A new one is a file of its own and a line here.
public enum SystemCatalogue {
  public static let all: [any DynamicalSystem.Type] = [
    HolsteinSystem.self,
    HolsteinSquareSystem.self,
    Lorenz63.self,
    Lorenz96.self,
    KuramotoSivashinsky.self,
    GinzburgLandau.self,
  ]

  /// The system of this word.
  public static func system(_ word: String) -> (any DynamicalSystem.Type)? { all.first { $0.word == word } }

  /// A system with its settings; nil for a word that none has. What is wrong is reported to the section.
  public static func make(_ word: String, _ section: ConfigurationSection, seed: UInt64) -> (any DynamicalSystem)? {
    system(word)?.init(section, seed: seed)
  }

  /// The system that a store or a checkpoint says it is of; nil when it names none that is known here.
  ///
  /// - Parameter layout: Of the recorded states, where they are known; the order of its fields does not count. Stores of earlier versions name no system: the
  ///   Holstein chain is known by its arrays and `g`.
  /// - Throws: `SystemError` naming the attribute that is wrong, or when the states are not of the system's layout.
  public static func make(attributes: [String: Attribute], layout: StateLayout? = nil) throws(SystemError)
    -> (any DynamicalSystem)?
  {
    guard let word = attributes["system"]?.text else {
      guard let layout, let sites = HolsteinSystem.sites(of: layout), attributes["g"]?.number != nil else { return nil }
      return try HolsteinSystem(legacy: attributes, sites: sites)
    }
    guard let type = system(word) else { return nil }
    let system = try type.init(attributes: attributes)
    if let layout, !system.layout.hasSameNumbers(as: layout) {
      throw SystemError(
        .invalidAttribute,
        "the attributes are of a system `\(word)` with \(system.layout.summary), the states are \(layout.summary)",
        key: "system")
    }
    return system
  }

  /// What is known of recorded states: the system with its equations; of arrays ρ, Q, P without parameters what needs
  /// none; else the layout alone.
  /// - Parameter name: Of a system that is not known here and does not say its own.
  /// - Throws: `SystemError` as `make(attributes:layout:)`.
  public static func description(of layout: StateLayout, attributes: [String: Attribute], name: String)
    throws(SystemError) -> any SystemDescription
  {
    if let system = try make(attributes: attributes, layout: layout) { return system }
    if attributes["system"] == nil, let sites = HolsteinSystem.sites(of: layout) {
      return RecordedHolstein(sites: sites, attributes: attributes)
    }
    return RecordedSystem(attributes["system"]?.text ?? name, layout: layout, attributes: attributes)
  }
}
