internal import Foundation
internal import Streams

extension InspectJob {
  /// What a log holds.
  struct LogContent: Encodable {
    var log: String
    /// Lines that are sound, the numbers of the first and the last, and the files that they are in.
    var lines = 0
    var first: Int?
    var last: Int?
    var files: Int
    var bytes: Int
    /// Lines whose number is skipped, and lines that fail their checksum.
    var missing: Int
    var changed: Int
    /// Lines that are none: cut short by a kill, or another program's.
    var foreign = 0
    /// Of the last line, by the names that `tail` knows them by.
    var fields: [String] = []

    /// - Throws: `RunError` where there is no such file; Foundation's error when it cannot be read.
    init(_ url: URL) throws {
      guard FileManager.default.fileExists(atPath: url.path) else {
        throw RunError(.badInput, "there is no log \(RunDirectory.shown(url))")
      }
      log = RunDirectory.shown(url)
      let parts = JSONLinesLog.files(of: url)
      files = parts.count
      bytes = parts.reduce(0) { $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0) }
      var losses = TailLosses()
      var newest: String?
      var follower = JSONLinesFollower(url)
      while case let items = try follower.read(), !items.isEmpty {
        for item in items {
          losses.count(item)
          switch item {
          case .line(let line):
            lines += 1
            first = first ?? line.number
            last = line.number
            newest = line.object
          case .defect(.notALogLine, _): foreign += 1
          case .gap, .defect: break
          }
        }
      }
      missing = losses.missing
      changed = losses.changed
      if let newest {
        let found = TailFields(newest)
        fields = found.shown.map(\.name)
      }
    }

    var isWhole: Bool { missing + changed == 0 }

    var text: String {
      var said = ["\(log): \(lines) lines" + (first.map { ", \($0) to \(last ?? $0)" } ?? "")]
      said[0] += files > 1 ? ", in \(files) files of \(bytes) bytes" : ", \(bytes) bytes"
      if !isWhole { said.append("  \(missing) lines are missing, \(changed) fail their checksum") }
      if foreign > 0 { said.append("  \(foreign) lines are none of ours, or were cut short") }
      if !fields.isEmpty { said.append("  fields of the last line: \(fields.joined(separator: ", "))") }
      return said.joined(separator: "\n")
    }
  }

  /// A log in words, or as JSON.
  /// - Throws: `RunError.badInput` for one that is not whole, after the answer.
  func log(_ url: URL, _ print: (String) -> Void) throws -> String {
    let content = try LogContent(url)
    let answer = try json ? RunState.text(content) : content.text
    guard content.isWhole else {
      print(answer)
      throw RunError(
        .badInput, "the log is not whole; `holstream tail \(content.log) --lines 0` marks the places with !!")
    }
    return answer
  }
}
