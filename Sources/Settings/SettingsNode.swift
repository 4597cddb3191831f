/// A parsed value of a settings file, with its place in it: what `ConfigurationSection` reads, whatever parsed the text.
public struct SettingsNode: Sendable {
  public indirect enum Value: Sendable {
    case scalar(String)
    /// In the order of the file.
    case mapping([(key: SettingsNode, value: SettingsNode)])
    case sequence([SettingsNode])
  }

  /// Line and column, counted from 1.
  public struct Mark: Sendable, Equatable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
      self.line = line
      self.column = column
    }
  }

  public var value: Value
  /// Nil for a value that did not come from a file.
  public var mark: Mark?

  public init(_ value: Value, mark: Mark? = nil) {
    self.value = value
    self.mark = mark
  }

  public var scalar: String? { if case .scalar(let text) = value { text } else { nil } }
}

extension ConfigurationSection {
  /// Settings that were given as `key=value` on the command line; a dot in a key leads into a section.
  ///
  /// - Throws: `ConfigurationError` for a text that is not of that form, or a key that is given twice.
  public convenience init(_ settings: [String], diagnostics: ConfigurationDiagnostics) throws {
    var root = SettingsNode(.mapping([]))
    for setting in settings {
      let override = try ConfigurationOverride(setting)
      guard Self.add(override.value, at: override.path.split(separator: ".").map(String.init)[...], to: &root) else {
        throw ConfigurationError(setting, "`\(override.path)` is given twice, or is a value and a section at once")
      }
    }
    self.init(root, path: "", file: "--set", diagnostics: diagnostics)
  }

  private static func add(_ text: String, at path: ArraySlice<String>, to node: inout SettingsNode) -> Bool {
    guard case .mapping(var pairs) = node.value, let key = path.first else { return false }
    let place = pairs.firstIndex { $0.key.scalar == key }
    if path.count == 1 {
      guard place == nil else { return false }
      pairs.append((SettingsNode(.scalar(key)), SettingsNode(.scalar(text))))
    } else {
      var child = place.map { pairs[$0].value } ?? SettingsNode(.mapping([]))
      guard add(text, at: path.dropFirst(), to: &child) else { return false }
      if let place { pairs[place].value = child } else { pairs.append((SettingsNode(.scalar(key)), child)) }
    }
    node.value = .mapping(pairs)
    return true
  }
}
