internal import Settings

/// What `holstream components` prints, made from the lines that parse.
public struct ComponentGuide: CustomStringConvertible {
  private let components: [any Component.Type]
  /// The one that was asked for.
  private let one: (any Component.Type)?

  /// - Parameters:
  ///   - word: One component, or nil for the list of all.
  ///   - components: Those that there are.
  /// - Throws: `RunError` for a word that names none.
  public init(_ word: String?, of components: [any Component.Type] = ComponentCatalogue.all) throws {
    self.components = components
    one = word.flatMap { word in components.first { $0.word == word } }
    if let word, one == nil {
      throw RunError(.usage, Spelling.complaint("component", word, among: components.map { $0.word }))
    }
  }

  /// The same for programs: an array of all, or an object with the keys of one.
  public var json: String {
    get throws {
      func content(_ type: any Component.Type, _ section: ConfigurationSection? = nil) -> GuideContent {
        var content = GuideContent(type.word, type.summary, keys: section)
        content.role = type.role.rawValue
        content.takes = type.inputs.map(\.rawValue).sorted()
        content.gives = type.output?.rawValue
        return content
      }
      guard let type = one else {
        return try RunState.text(components.map { content($0) })
      }
      let section = ConfigurationSection.listing()
      _ = type.init(section)
      return try RunState.text(content(type, section))
    }
  }

  public var description: String {
    guard let type = one else {
      return PipelineDescription.Role.allCases.map { role in
        let lines = components.filter { $0.role == role }.map { type in
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
