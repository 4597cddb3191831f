public import Foundation
public import Settings
internal import Yams

/// The text of a pipeline file, parsed but not yet understood, with the overrides of the command line applied.
public struct ConfigurationFile {
  public let name: String
  private let root: Node

  /// - Throws: `ConfigurationError` for text that is not YAML, with its line, and for overrides that lead nowhere.
  public init(text: String, name: String, overrides: [ConfigurationOverride] = []) throws {
    self.name = name
    do {
      guard var node = try Self.compose(text, file: name) else {
        throw ConfigurationError([
          .init(file: name, path: "", message: "the file is empty; `holstream run --help` shows a pipeline")
        ])
      }
      for override in overrides { try Self.apply(override, to: &node) }
      root = node
    } catch let error as YamlError {
      throw ConfigurationError([Self.problem(error, file: name)])
    }
  }

  /// - Throws: `ConfigurationError`, also when the file cannot be read.
  public init(contentsOf url: URL, overrides: [ConfigurationOverride] = []) throws {
    var data = Data()
    do {
      // No more than is allowed, also of what has no end.
      let file = try FileHandle(forReadingFrom: url)
      defer { try? file.close() }
      while data.count <= Self.mostBytes,
        let more = try file.read(upToCount: Self.mostBytes + 1 - data.count), !more.isEmpty
      { data += more }
    } catch {
      throw ConfigurationError([
        .init(file: url.relativePath, path: "", message: "cannot be read: \(error.localizedDescription)")
      ])
    }
    guard data.count <= Self.mostBytes else {
      throw ConfigurationError([
        .init(file: url.relativePath, path: "", message: "is larger than 256 KiB, which no pipeline needs")
      ])
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ConfigurationError([.init(file: url.relativePath, path: "", message: "is not UTF-8 text")])
    }
    try self.init(text: text, name: url.relativePath, overrides: overrides)
  }

  /// The file's top level.
  public func section(_ diagnostics: ConfigurationDiagnostics) -> ConfigurationSection {
    ConfigurationSection(SettingsNode(root), path: "", file: name, diagnostics: diagnostics)
  }

  /// The file's text after the overrides, as it is kept beside the run's results.
  public var resolvedText: String { (try? Yams.serialize(node: root, sortKeys: false)) ?? "" }

  private static func apply(_ override: ConfigurationOverride, to root: inout Node) throws {
    let value = try compose(override.value, file: "--set \(override.path)") ?? Node("")
    func set(_ node: inout Node, _ rest: ArraySlice<Substring>) throws {
      guard let key = rest.first.map(String.init) else {
        node = value
        return
      }
      if case .sequence(var items) = node {
        guard let index = Int(key), items.indices.contains(index) else {
          throw ConfigurationError(
            override.text, "`\(key)` is looked for in a list of \(items.count) items, which are counted from 0")
        }
        try set(&items[index], rest.dropFirst())
        node = .sequence(items)
        return
      }
      guard case .mapping(var mapping) = node else {
        throw ConfigurationError(override.text, "`\(key)` is looked for in a value that has no keys")
      }
      var child = mapping[Node(key)] ?? Node([(Node, Node)]())
      try set(&child, rest.dropFirst())
      mapping[Node(key)] = child
      node = .mapping(mapping)
    }
    let keys = override.path.split(separator: ".")
    guard keys.count <= mostLevels else { throw ConfigurationError(override.text, "the path has too many parts") }
    try set(&root, keys[...])
  }

  private static func problem(_ error: YamlError, file: String) -> ConfigurationProblem {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      ConfigurationProblem(file: file, line: mark.line, column: mark.column, path: "", message: "not YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      ConfigurationProblem(
        file: file, line: context.mark.line, column: context.mark.column, path: "",
        message: "a key is given twice: \(keys.map { "\($0)" }.joined(separator: ", "))")
    default:
      ConfigurationProblem(file: file, path: "", message: "not YAML: \(error)")
    }
  }
}

extension SettingsNode {
  /// A node of YAML; an alias that was not resolved is an empty value.
  fileprivate init(_ node: Node) {
    let mark = node.mark.map { Mark(line: $0.line, column: $0.column) }
    switch node {
    case .scalar(let scalar): self.init(.scalar(scalar.string), mark: mark)
    case .mapping(let pairs):
      self.init(.mapping(pairs.map { (SettingsNode($0.key), SettingsNode($0.value)) }), mark: mark)
    case .sequence(let items): self.init(.sequence(items.map { SettingsNode($0) }), mark: mark)
    case .alias: self.init(.scalar(""), mark: mark)
    }
  }
}
