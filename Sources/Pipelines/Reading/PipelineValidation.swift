public import Foundation
internal import Settings

/// What is wrong with a pipeline file, for programs such as editors.
public struct PipelineValidation: Encodable, Sendable {
  struct Problem: Encodable {
    var file: String
    /// Counted from 1; nil where the value did not come from a file.
    var line: Int?
    var column: Int?
    var path: String
    var message: String
  }

  private var pipeline: String
  private var sound: Bool
  private var problems: [Problem]

  public var isSound: Bool { sound }

  /// - Throws: What is no problem of the configuration.
  public init(_ url: URL, overrides: [String] = []) throws {
    pipeline = RunDirectory.shown(url)
    do {
      _ = try PipelineDescription(contentsOf: url, overrides: overrides)
      (sound, problems) = (true, [])
    } catch let error as ConfigurationError {
      sound = false
      problems = error.problems.map {
        Problem(file: $0.file, line: $0.line, column: $0.column, path: $0.path, message: $0.message)
      }
    }
  }

  /// One JSON object.
  public var json: String { get throws { try RunState.text(self) } }
}
