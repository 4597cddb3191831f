public import Foundation

/// `holstream compare`: what differs between runs, and what came of it.
public struct CompareJob: Sendable {
  private let runs: [URL]

  public init(runs: [URL]) { self.runs = runs }

  /// - Parameters:
  ///   - json: Whether the answer is a JSON object.
  ///   - width: Characters of a line; nil where nobody counts them.
  /// - Throws: `RunError` for fewer than two runs and for a folder that is none; `ConfigurationError`, `LogError`.
  public func run(json: Bool = false, width: Int? = nil) throws -> String {
    guard runs.count > 1 else {
      throw RunError(.usage, "a comparison needs two runs at least; `holstream inspect RUN` tells of one")
    }
    let comparison = try RunComparison(runs.map { try RunRecord($0) })
    return json ? try RunState.text(comparison) : comparison.text(width: width)
  }
}
