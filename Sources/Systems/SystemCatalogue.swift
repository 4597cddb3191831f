public import Settings
public import Trajectories

/// All systems with equations, by their words. A new one is a file of its own and a line here, or a few lines of equations
/// in `Equations/Library`.
public enum SystemCatalogue {
  public static let all: [any DynamicalSystem.Type] = [
    HolsteinSystem.self,
    HolsteinSquareSystem.self,
    Lorenz63.self,
    Lorenz96.self,
    KuramotoSivashinsky.self,
    GinzburgLandau.self,
    EquationSystem.self,
  ]

  /// The above, and the systems of the library of equations.
  public static let kinds: [SystemKind] = all.map { SystemKind($0) } + EquationLibrary.all.map { SystemKind($0) }

  private static let byWord = Dictionary(uniqueKeysWithValues: kinds.map { ($0.word, $0) })

  /// The words of all.
  public static var words: [String] { kinds.map(\.word) }

  /// The system of this word.
  public static func kind(_ word: String) -> SystemKind? { byWord[word] }

  /// A system with its settings; nil for a word that none has. What is wrong is reported to the section.
  public static func make(_ word: String, _ section: ConfigurationSection, seed: UInt64) -> (any DynamicalSystem)? {
    kind(word)?.make(section, seed: seed)
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
    guard let kind = kind(word) else { return nil }
    let system = try kind.make(attributes: attributes)
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
