public import Foundation

/// Follows a log and notices whatever is missing from it.
public struct JSONLinesFollower {
  public enum Item: Sendable, Equatable {
    case line(JSONLine)
    /// Lines `after + 1 ..< before` never came.
    case gap(after: Int, before: Int)
    case defect(JSONLine.Defect, text: String)
  }

  private var older: [URL]
  private var follower: LineFollower
  private var last: Int?

  /// - Parameter includingRotated: Start with the log's older files.
  public init(_ url: URL, includingRotated: Bool = true) {
    older = includingRotated ? JSONLinesLog.rotated(of: url).map(\.url) : []
    follower = LineFollower(url)
  }

  /// What has come since the last call.
  /// - Throws: Foundation's error when an existing file cannot be read.
  public mutating func read() throws -> [Item] {
    while let url = older.first {
      var file = LineFollower(url)
      var items: [Item] = []
      while case let lines = try file.read(), !lines.isEmpty { items += lines.flatMap { check($0) } }
      older.removeFirst()
      if !items.isEmpty { return items }
    }
    return try follower.read().flatMap { check($0) }
  }

  private mutating func check(_ text: String) -> [Item] {
    do throws(JSONLine.Defect) {
      let line = try JSONLine(parsing: text)
      defer { last = line.number }
      if let last, line.number != last + 1 { return [.gap(after: last, before: line.number), .line(line)] }
      return [.line(line)]
    } catch {
      return [.defect(error, text: text)]
    }
  }
}
