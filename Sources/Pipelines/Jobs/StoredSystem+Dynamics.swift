internal import Foundation
internal import Settings
internal import Systems
internal import Trajectories
internal import Zarr

extension StoredSystem {
  /// The system with equations that a store is of.
  ///
  /// - Parameters:
  ///   - word: The system; nil for what the store says. A store that says nothing may still have parameters among its
  ///     attributes, by the names of the system's keys: they count where `settings` do not give them.
  ///   - settings: `key=value`, changed in what the store says.
  /// - Throws: `RunError` where the store does not say what system it is of, or the states are of another.
  static func dynamics(of store: StoredTrajectories, word: String?, settings: [String]) throws -> any DynamicalSystem {
    let path = store.reader.url.relativePath
    if let word, store.system.attributes["system"]?.text != word {
      return try SimulateJob.system(word, implied(by: store, word: word, settings: settings), seed: 1)
    }
    var attributes = store.system.attributes
    for setting in settings {
      let override = try ConfigurationOverride(setting)
      let key = override.path.replacingOccurrences(of: "-", with: "_")
      attributes[key] =
        Double(override.value).map(Attribute.number) ?? Bool(override.value).map(Attribute.flag)
        ?? .text(override.value)
    }
    guard let made = try SystemCatalogue.make(attributes: attributes, layout: store.layout) else {
      throw RunError(
        .usage,
        "\(path) does not say what system it is of, or not its parameters; give them with --system and --set (for a Holstein chain --g, and --k0 and --eta if they differ from 0.3 and 0.8)"
      )
    }
    return made
  }

  /// The settings that are given, and before them those that a store's arrays and attributes imply.
  static func implied(by store: StoredTrajectories, word: String, settings: [String]) -> [String] {
    guard let kind = SystemCatalogue.kind(word) else { return settings }
    func key(_ setting: String) -> String { String(setting.prefix { $0 != "=" }) }
    let given = Set(settings.map(key))
    let shape = kind.settings(for: store.layout).filter { !given.contains(key($0)) }
    // A preset says what parameters are; what a store says beside it is not what was asked for.
    guard !given.contains("preset"), store.system.attributes["system"] == nil else { return shape + settings }
    let section = ConfigurationSection.listing()
    _ = kind.make(section, seed: 1)
    let known = given.union(shape.map(key))
    let stated = section.keys.map(\.name).filter { !known.contains($0) }.compactMap { name -> String? in
      switch store.system.attributes[name.replacingOccurrences(of: "-", with: "_")] {
      case .number(let number): "\(name)=\(Int(exactly: number).map(String.init) ?? String(number))"
      case .text(let text): "\(name)=\(text)"
      case .flag(let flag): "\(name)=\(flag)"
      default: nil
      }
    }
    return shape + stated + settings
  }

  /// A stored state in the order of a system's fields; other arrays of the store are left out.
  ///
  /// - Parameter needed: Fields that must be there; others are zero where the store has none. All when nil.
  /// - Throws: `RunError` where a field is missing or has another shape.
  static func arranged(
    _ state: State<Double>, as layout: StateLayout, needing needed: [String]? = nil, of store: StoredTrajectories
  ) throws -> State<Double> {
    if state.layout == layout { return state }
    let values = try layout.fields.flatMap { field -> [Double] in
      guard let own = state.layout.field(field.name) else {
        if let needed, !needed.contains(field.name) { return [Double](repeating: 0, count: field.count) }
        throw mismatch(layout, store)
      }
      guard own.shape == field.shape, own.isComplex == field.isComplex else { throw mismatch(layout, store) }
      return Array(state[field.name])
    }
    return State(layout, values)
  }

  private static func mismatch(_ layout: StateLayout, _ store: StoredTrajectories) -> RunError {
    RunError(
      .usage,
      "the system with these settings has \(layout.summary); \(store.reader.url.relativePath) has \(store.layout.summary)"
    )
  }
}
