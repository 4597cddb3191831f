internal import Learning
internal import Settings
internal import Systems
internal import Trajectories

/// What `holstream systems` and `holstream models` print, made from the lines that parse.
public enum CatalogueGuide {
  /// - Throws: `RunError` for a word that names none.
  public static func systems(_ word: String?) throws -> String {
    guard let word else {
      return SystemCatalogue.all.map { "  \($0.word.padded(to: 24)) \($0.summary)" }.joined(separator: "\n")
        + "\n\nKeys of one: holstream systems WORD"
    }
    let section = ConfigurationSection.listing()
    guard let system = SystemCatalogue.make(word, section, seed: 0) else {
      throw unknown("system", word, SystemCatalogue.all.map { $0.word })
    }
    let observables = system.allObservables.map(\.name)
    return "\(word): \(type(of: system).summary)\na state is \(system.layout.summary)\n"
      + "observables: \(observables.prefix(24).joined(separator: ", "))\(observables.count > 24 ? ", …" : "")\n"
      + ComponentGuide.keys(of: section, indent: "  ")
  }

  /// - Throws: `RunError` for a word that names none.
  public static func models(_ word: String?) throws -> String {
    guard let word else {
      return ModelCatalogue.names.map { "  \($0)" }.joined(separator: "\n") + "\n\nKeys of one: holstream models WORD"
    }
    guard ModelCatalogue.names.contains(word) else { throw unknown("family", word, ModelCatalogue.names) }
    let section = ConfigurationSection.listing()
    _ = DomainWord(section)
    _ = Fitting(ModelFamily(rawValue: word), section)
    return "\(word)\n" + ComponentGuide.keys(of: section, indent: "  ")
  }

  private static func unknown(_ what: String, _ word: String, _ words: [String]) -> RunError {
    let remedy =
      Spelling.suggestion(for: word, among: words).map { "did you mean `\($0)`?" }
      ?? "there are \(words.joined(separator: ", "))"
    return RunError(.usage, "there is no \(what) `\(word)`; \(remedy)")
  }
}
