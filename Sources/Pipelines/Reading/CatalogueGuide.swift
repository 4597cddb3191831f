internal import Learning
internal import Settings
internal import Systems
internal import Trajectories

/// What `holstream systems` and `holstream models` print, made from the lines that parse.
public enum CatalogueGuide {
  /// - Throws: `RunError` for a word that names none.
  public static func systems(_ word: String?, json: Bool = false) throws -> String {
    guard let word else {
      if json { return try RunState.text(SystemCatalogue.kinds.map { GuideContent($0.word, $0.summary) }) }
      return SystemCatalogue.kinds.map { "  \($0.word.padded(to: 24)) \($0.summary)" }.joined(separator: "\n")
        + "\n\nKeys of one: holstream systems WORD"
    }
    let section = ConfigurationSection.listing()
    guard let kind = SystemCatalogue.kind(word) else {
      throw RunError(.usage, Spelling.complaint("system", word, among: SystemCatalogue.words))
    }
    let system = kind.make(section, seed: 0)
    if json { return try RunState.text(GuideContent(word, kind.summary, keys: section)) }
    let observables = system.allObservables.map(\.name)
    return "\(word): \(kind.summary)\na state is \(system.layout.summary)\n"
      + "observables: \(observables.prefix(24).joined(separator: ", "))\(observables.count > 24 ? ", …" : "")\n"
      + ComponentGuide.keys(of: section, indent: "  ")
  }

  /// - Throws: `RunError` for a word that names none.
  public static func models(_ word: String?, json: Bool = false) throws -> String {
    guard let word else {
      if json {
        return try RunState.text(ModelCatalogue.names.map { GuideContent($0, ModelFamily(rawValue: $0).summary) })
      }
      return ModelCatalogue.names.map { name in
        "  \(name.padded(to: 20)) \(ModelFamily(rawValue: name).summary)"
      }.joined(separator: "\n") + "\n\nKeys of one: holstream models WORD"
    }
    guard ModelCatalogue.names.contains(word) else {
      throw RunError(.usage, Spelling.complaint("family", word, among: ModelCatalogue.names))
    }
    let section = ConfigurationSection.listing()
    _ = DomainWord(section)
    _ = Fitting(ModelFamily(rawValue: word), section)
    if json { return try RunState.text(GuideContent(word, ModelFamily(rawValue: word).summary, keys: section)) }
    return "\(word): \(ModelFamily(rawValue: word).summary)\n" + ComponentGuide.keys(of: section, indent: "  ")
  }
}
