public import Foundation

/// Follows a log and notices whatever is missing from it.
public struct JSONLinesFollower {
  public enum Item: Sendable, Equatable {
    case line(JSONLine)
    /// Lines `after + 1 ..< before` never came.
    case gap(after: Int, before: Int)
    case defect(JSONLine.Defect, text: String)
  }

  private let url: URL
  private var older: [URL]
  private var follower: LineFollower
  private var last: Int?
  /// Lines up to this number were read in an earlier life.
  private let known: Int

  /// - Parameters:
  ///   - includingRotated: Start with the log's older files.
  ///   - known: The number of the last line that was already read; the following starts after it, -1 at the beginning.
  public init(_ url: URL, includingRotated: Bool = true, after known: Int = -1) {
    self.url = url
    self.known = known
    older = includingRotated ? JSONLinesLog.rotated(of: url).filter { $0.last > known }.map(\.url) : []
    follower = LineFollower(url)
    last = known >= 0 ? known : nil
  }

  /// What has come since the last call.
  ///
  /// When the log was rotated more than once since then, the lines in between are fetched from the rotated files.
  /// - Throws: Foundation's error when an existing file cannot be read.
  public mutating func read() throws -> [Item] {
    while let url = older.first {
      var file = LineFollower(url)
      var items: [Item] = []
      while case let lines = try file.read(), !lines.isEmpty { for line in lines { items += try check(line) } }
      older.removeFirst()
      if !items.isEmpty { return items }
    }
    // Lines that are already known are passed over, and are no reason to tell the caller that nothing has come.
    while case let lines = try follower.read(), !lines.isEmpty {
      var items: [Item] = []
      for line in lines { items += try check(line) }
      if !items.isEmpty { return items }
    }
    return []
  }

  /// Reads the sound lines of a log as it is now, from its oldest file on.
  /// - Throws: Foundation's error when an existing file cannot be read; what `body` throws.
  public static func each(of url: URL, _ body: (JSONLine) throws -> Void) throws {
    var follower = JSONLinesFollower(url)
    while case let items = try follower.read(), !items.isEmpty {
      for case .line(let line) in items { try body(line) }
    }
  }

  private mutating func check(_ text: String) throws -> [Item] {
    let line: JSONLine
    do throws(JSONLine.Defect) {
      line = try JSONLine(parsing: text)
    } catch {
      return [.defect(error, text: text)]
    }
    if line.number <= known, last == known { return [] }
    var items: [Item] = []
    if let last, line.number > last + 1 { items = try fetch(after: last, before: line.number) }
    if let last, line.number != last + 1 { items.append(.gap(after: last, before: line.number)) }
    last = line.number
    return items + [.line(line)]
  }

  /// Lines that were rotated away before they were read; `last` moves with them.
  private mutating func fetch(after: Int, before: Int) throws -> [Item] {
    var items: [Item] = []
    for file in JSONLinesLog.rotated(of: url) where file.last > after && file.first < before {
      var lines = LineFollower(file.url)
      while case let texts = try lines.read(), !texts.isEmpty {
        for case let line? in texts.map({ try? JSONLine(parsing: $0) })
        where line.number > last ?? after && line.number < before {
          if let last, line.number != last + 1 { items.append(.gap(after: last, before: line.number)) }
          items.append(.line(line))
          last = line.number
        }
      }
    }
    return items
  }
}
