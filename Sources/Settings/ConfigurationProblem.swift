/// One thing that is wrong with a configuration: where it stands and what to do about it.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file, or `--set` for a value given on the command line.
  public var file: String
  /// Line and column, counted from 1; nil where the value did not come from a file.
  public var line: Int?
  public var column: Int?
  /// The keys that lead to the value, joined by dots; empty for the whole file.
  public var path: String
  public var message: String

  public init(file: String, line: Int? = nil, column: Int? = nil, path: String, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.path = path
    self.message = message
  }

  public var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if line != nil, let column { place += ":\(column)" }
    return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
  }
}

/// A configuration that cannot be run, with everything that is wrong with it at once.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  public var problems: [ConfigurationProblem]

  public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Collects problems while a configuration is read, so that one run reports them all.
public final class ConfigurationDiagnostics {
  public private(set) var problems: [ConfigurationProblem] = []

  /// The overrides of the command line: a problem with a value they gave is theirs, not the file's.
  private let overrides: [ConfigurationOverride]

  public init(overrides: [ConfigurationOverride] = []) { self.overrides = overrides }

  /// - Parameter culprit: The keys that lead to what is to blame, where the problem is told of what it is in.
  public func report(_ problem: ConfigurationProblem, culprit: String? = nil) {
    var problem = problem
    let path = ConfigurationOverride.dotted(culprit ?? problem.path)
    if let override = overrides.last(where: { path == $0.path || path.hasPrefix($0.path + ".") }) {
      problem.file = "--set \(override.text)"
      problem.line = nil
      problem.column = nil
    }
    problems.append(problem)
  }

  /// - Throws: `ConfigurationError` with all problems in the order of the file, if there are any.
  public func throwIfAny() throws {
    guard !problems.isEmpty else { return }
    throw ConfigurationError(problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
  }
}
