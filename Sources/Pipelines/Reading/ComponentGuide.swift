internal import Settings

/// What `holstream components` prints, made from the lines that parse.
public struct ComponentGuide: CustomStringConvertible {
  private let word: String?

  /// - Parameter word: One component, or nil for the list of all.
  /// - Throws: `RunError` for a word that names none.
  public init(_ word: String?) throws {
    if let word, ComponentCatalogue.component(word) == nil {
      throw RunError(.usage, Spelling.complaint("component", word, among: ComponentCatalogue.all.map { $0.word }))
    }
    self.word = word
  }

  public var description: String {
    guard let word, let type = ComponentCatalogue.component(word) else {
      return PipelineDescription.Role.allCases.map { role in
        let lines = ComponentCatalogue.all.filter { $0.role == role }.map { type in
          "  \(type.word.padded(to: 18)) \(type.summary)"
        }
        return "\(role.rawValue)\n" + lines.joined(separator: "\n")
      }.joined(separator: "\n\n") + "\n\nKeys of one: holstream components WORD"
    }
    let section = ConfigurationSection.listing()
    _ = type.init(section)
    let takes = type.inputs.isEmpty ? "nothing" : type.inputs.map(\.rawValue).sorted().joined(separator: " or ")
    return "\(type.word): \(type.summary)\ntakes \(takes), gives \(type.output?.rawValue ?? "nothing")\n"
      + Self.keys(of: section, indent: "  ")
  }

  static func keys(of section: ConfigurationSection, indent: String) -> String {
    let width = section.keys.map { $0.name.count + $0.value.count + 2 }.max() ?? 0
    return section.keys.map { key in
      let line = "\n\(indent)\("\(key.name): \(key.value)".padded(to: width))  \(key.meaning)"
      guard let child = section.child(named: key.name) else { return line }
      return line + keys(of: child, indent: indent + "  ")
    }.joined()
  }
}
