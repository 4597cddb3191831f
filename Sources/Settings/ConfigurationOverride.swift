/// One `--set path.to.key=value` of the command line; the value is YAML.
public struct ConfigurationOverride: Sendable, Equatable {
  public let text: String
  /// The keys that lead to the value, joined by dots; an item of a list by its number from 0, as `curriculum.1.steps`.
  public let path: String
  /// As written, YAML where a pipeline file is overridden.
  public let value: String

  /// - Throws: `ConfigurationError` when the text is not of that form.
  public init(_ text: String) throws {
    self.text = text
    guard let equals = text.firstIndex(of: "=") else {
      throw ConfigurationError(text, "expected path=value, such as sources.lattice.holstein.sites=32")
    }
    path = Self.dotted(String(text[..<equals]))
    value = String(text[text.index(after: equals)...])
    guard !path.split(separator: ".", omittingEmptySubsequences: false).contains("") else {
      throw ConfigurationError(text, "the path before `=` has an empty part")
    }
  }

  /// A path with the items of its lists behind dots: `curriculum[1].steps` is `curriculum.1.steps`.
  static func dotted(_ path: String) -> String { path.replacing("[", with: ".").replacing("]", with: "") }
}

extension ConfigurationError {
  /// A problem with an override as such.
  public init(_ override: String, _ message: String) {
    self.init([ConfigurationProblem(file: "--set \(override)", path: "", message: message)])
  }
}
