/// One mapping of a pipeline file (or of `--set` on a command line), read key by key.
///
/// Reading a key is also declaring it: the key, its default and its meaning are remembered, so that unknown keys are
/// refused with a suggestion and `holstream components` teaches from the same lines that parse. A reader that meets a
/// problem reports it and goes on with the default, so that one run finds everything that is wrong.
public final class ConfigurationSection {
  /// A key that the section's reader asked for.
  public struct Key: Sendable, Equatable {
    public var name: String
    public var value: String
    public var meaning: String
  }

  public let path: String
  public private(set) var keys: [Key] = []
  private let file: String
  private let mapping: [(key: SettingsNode, value: SettingsNode)]
  private let mark: SettingsNode.Mark?
  private let diagnostics: ConfigurationDiagnostics
  private var children: [(name: String, section: ConfigurationSection)] = []
  private var toleratesUnknownKeys = false
  /// The value itself where the file gives a scalar and not keys: `jsonl: metrics.jsonl`.
  private let scalar: String?
  private var takesShorthand = false

  public init(_ node: SettingsNode?, path: String, file: String, diagnostics: ConfigurationDiagnostics) {
    self.path = path
    self.file = file
    self.diagnostics = diagnostics
    mark = node?.mark
    switch node?.value {
    case nil: (mapping, scalar) = ([], nil)
    case .mapping(let pairs): (mapping, scalar) = (pairs, nil)
    case .scalar(let text) where text.isEmpty || text == "~" || text == "null": (mapping, scalar) = ([], nil)
    case .scalar(let text): (mapping, scalar) = ([], text)
    default:
      (mapping, scalar) = ([], nil)
      problem("expected keys and values (`key: value`)", at: mark)
    }
  }

  /// An empty section whose keys are only to be listed.
  public static func listing() -> ConfigurationSection {
    ConfigurationSection(nil, path: "", file: "", diagnostics: ConfigurationDiagnostics())
  }

  // MARK: Keys

  /// The names of all keys that the file gives, in its order.
  public var names: [String] { mapping.map { $0.key.scalar ?? "" } }

  /// The value of a section that is written as one scalar, for components with one obvious key; nil otherwise.
  public var shorthand: String? {
    takesShorthand = true
    return scalar
  }

  public func has(_ name: String) -> Bool { value(name) != nil }

  /// A whole number within `range`.
  public func integer(
    _ name: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max, _ meaning: String
  ) -> Int {
    read(name, fallback: fallback, meaning, expected: Self.expected("a whole number", range)) { text in
      guard let value = Int(text.filter { $0 != "_" }), range.contains(value) else { return nil }
      return value
    }
  }

  /// A finite number within `range`.
  public func number(_ name: String, default fallback: Double, in range: ClosedRange<Double>? = nil, _ meaning: String)
    -> Double
  {
    read(
      name, fallback: fallback, meaning,
      expected: range.map { "a number from \($0.lowerBound) to \($0.upperBound)" } ?? "a number"
    ) { text in
      guard let value = Double(text), value.isFinite, range?.contains(value) ?? true else { return nil }
      return value
    }
  }

  /// A number that may be left out.
  public func optionalNumber(_ name: String, _ meaning: String) -> Double? {
    read(name, fallback: nil, shown: "none", meaning, expected: "a number") { text in
      Double(text).flatMap { $0.isFinite ? .some($0) : nil }
    }
  }

  /// A whole number that may be left out.
  public func optionalInteger(_ name: String, in range: ClosedRange<Int> = 0...Int.max, _ meaning: String) -> Int? {
    read(name, fallback: nil, shown: "none", meaning, expected: Self.expected("a whole number", range)) { text in
      Int(text.filter { $0 != "_" }).flatMap { range.contains($0) ? .some($0) : nil }
    }
  }

  /// `true` or `false`.
  public func flag(_ name: String, default fallback: Bool, _ meaning: String) -> Bool {
    read(name, fallback: fallback, meaning, expected: "true or false") { text in
      switch text.lowercased() {
      case "true", "yes", "on": true
      case "false", "no", "off": false
      default: nil
      }
    }
  }

  public func text(_ name: String, default fallback: String, _ meaning: String) -> String {
    read(name, fallback: fallback, meaning, expected: "text") { $0 }
  }

  public func optionalText(_ name: String, _ meaning: String) -> String? {
    read(name, fallback: nil, shown: "none", meaning, expected: "text") { .some($0) }
  }

  /// One word of a list.
  public func choice<Value>(
    _ name: String, default fallback: String, among choices: [(String, Value)], _ meaning: String
  ) -> Value {
    let words = choices.map(\.0)
    let word = read(
      name, fallback: fallback, "\(meaning) (\(words.joined(separator: ", ")))",
      expected: "one of \(words.joined(separator: ", "))"
    ) {
      text in words.contains(text) ? text : nil
    }
    return choices.first { $0.0 == word }!.1
  }

  /// A length of time such as `200ms` or `5 minutes`.
  public func duration(_ name: String, default fallback: String, _ meaning: String) -> Duration {
    let text = read(name, fallback: fallback, meaning, expected: "a time such as 200ms, 30 s or 5 minutes") { text in
      Quantity.duration(text).map { _ in text }
    }
    return Quantity.duration(text)!
  }

  /// A time such as `2 s`, or `true` or `false`.
  /// - Returns: The time; nil for a flag, which is then the other.
  public func durationOrFlag(_ name: String, default fallback: String, _ meaning: String) -> (
    time: Duration?, flag: Bool
  ) {
    func parse(_ text: String) -> (time: Duration?, flag: Bool)? {
      switch text.lowercased() {
      case "true", "yes", "on": (nil, true)
      case "false", "no", "off": (nil, false)
      default: Quantity.duration(text).flatMap { $0 > .zero ? ($0, true) : nil }
      }
    }
    let text = read(name, fallback: fallback, meaning, expected: "true, false or a time such as 2 s") {
      parse($0) == nil ? nil : $0
    }
    return parse(text)!
  }

  /// An amount of data such as `200 GB`, which may be left out.
  public func optionalBytes(_ name: String, _ meaning: String) -> Int? {
    read(name, fallback: nil, shown: "none", meaning, expected: "an amount of data such as 64 MB or 200 GB") { text in
      Quantity.bytes(text).map { .some($0) }
    }
  }

  /// A mapping within this one; empty when the file leaves it out.
  public func section(_ name: String, _ meaning: String = "") -> ConfigurationSection {
    keys.append(Key(name: name, value: "…", meaning: meaning))
    return child(value(name), name: name)
  }

  /// A list of mappings such as the stages of a curriculum; nil when the file leaves it out.
  public func list<Value>(_ name: String, _ meaning: String, _ body: (ConfigurationSection) -> Value) -> [Value]? {
    keys.append(Key(name: name, value: "[…]", meaning: meaning))
    guard let node = value(name) else { return nil }
    guard case .sequence(let items) = node.value else {
      problem("expected a list (`- …` or `[…]`)", key: name, at: node.mark)
      return nil
    }
    return items.enumerated().map { index, item in
      body(child(item, name: "\(name)[\(index)]"))
    }
  }

  // MARK: Problems

  /// Reports every key of the file that no reader asked for, here and in all sections within.
  public func refuseUnknownKeys() {
    for child in children { child.section.refuseUnknownKeys() }
    if toleratesUnknownKeys { return }
    if let scalar, !takesShorthand { problem("expected keys and values (`key: value`), got `\(scalar)`", at: mark) }
    for (key, _) in mapping {
      let name = key.scalar ?? "?"
      guard !keys.contains(where: { $0.name == name }) else { continue }
      let known = keys.map(\.name)
      let remedy =
        Spelling.suggestion(for: name, among: known).map { "did you mean `\($0)`?" }
        ?? (known.isEmpty ? "this section takes no keys" : "known keys: \(known.joined(separator: ", "))")
      problem("unknown key `\(name)`; \(remedy)", at: key.mark, culprit: joined(name))
    }
  }

  /// Leaves unknown keys unreported, where another problem explains them already.
  public func ignoreUnknownKeys() { toleratesUnknownKeys = true }

  /// The section that was read under this name.
  public func child(named name: String) -> ConfigurationSection? { children.last { $0.name == name }?.section }

  /// Reports a problem with one key, at its place in the file.
  public func problem(_ message: String, key: String) {
    problem(message, key: key, at: value(key)?.mark ?? mark)
  }

  /// Reports a problem with the whole section.
  public func problem(_ message: String) { problem(message, at: mark) }

  private func problem(
    _ message: String, key: String? = nil, at mark: SettingsNode.Mark?, culprit: String? = nil
  ) {
    diagnostics.report(
      ConfigurationProblem(
        file: file, line: mark?.line, column: mark?.column, path: key.map(joined) ?? path, message: message),
      culprit: culprit)
  }

  // MARK: Reading

  private func read<Value>(
    _ name: String, fallback: Value, shown: String? = nil, _ meaning: String, expected: String,
    _ parse: (String) -> Value?
  ) -> Value {
    keys.append(Key(name: name, value: shown ?? "\(fallback)", meaning: meaning))
    guard let node = value(name) else { return fallback }
    guard let text = node.scalar else {
      problem("expected \(expected), got a nested value", key: name, at: node.mark)
      return fallback
    }
    guard let parsed = parse(text) else {
      problem("expected \(expected), got `\(text)`", key: name, at: node.mark)
      return fallback
    }
    return parsed
  }

  private func child(_ node: SettingsNode?, name: String) -> ConfigurationSection {
    let section = ConfigurationSection(node, path: joined(name), file: file, diagnostics: diagnostics)
    children.append((name, section))
    return section
  }

  private func value(_ name: String) -> SettingsNode? { mapping.first { $0.key.scalar == name }?.value }

  private func joined(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private static func expected(_ kind: String, _ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? (range.lowerBound == 0 ? kind : "\(kind) of at least \(range.lowerBound)")
      : "\(kind) from \(range.lowerBound) to \(range.upperBound)"
  }
}
