import Foundation
import TestSupport
import Testing

@testable import Streams

@Suite("How much of a log is kept")
struct LogRetentionTests {
  private struct Line: Codable, Sendable { var step: Int }

  private func files(_ log: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: log.deletingLastPathComponent().path).sorted()
  }

  private func numbers(_ log: URL) throws -> [Int] {
    var follower = JSONLinesFollower(log)
    var numbers: [Int] = []
    while case let items = try follower.read(), !items.isEmpty {
      for item in items {
        guard case .line(let line) = item else {
          Issue.record("\(item)")
          continue
        }
        numbers.append(line.number)
      }
    }
    return numbers
  }

  @Test("Beyond an amount the oldest files go; what is left is whole, and numbers go on after a restart")
  func bytes() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "metrics.jsonl")
      func append(_ steps: Range<Int>) throws {
        let log = try JSONLinesLog(url, retention: .bytes(20_000))
        for step in steps { try log.append(Line(step: step)) }
      }
      try append(0..<2000)
      let size = try files(url).reduce(0) { total, name in
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
        return total + (attributes[.size] as? Int ?? 0)
      }
      #expect(size > 8000 && size < 26_000)
      let kept = try numbers(url)
      #expect(kept.last == 1999 && kept.count > 200 && kept.count < 700)
      #expect(kept == Array(kept[0]...1999), "no line is missing in between")
      try append(2000..<2001)
      #expect(try numbers(url).last == 2000)
    }
  }

  @Test("The newest of the older files stays however old it is: numbers go on from it")
  func age() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "metrics.jsonl")
      let log = try JSONLinesLog(url, rotationSize: 200)
      for step in 0..<40 { try log.append(Line(step: step)) }
      let before = try files(url)
      #expect(before.count > 4)
      for name in before {
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: folder.appending(path: name).path)
      }
      LogRetention.age(.seconds(100)).apply(to: url, now: 1050)
      #expect(try files(url) == before, "none is old enough")
      LogRetention.age(.seconds(100)).apply(to: url, now: 1101)
      let after = try files(url)
      #expect(after.count == 2 && after[0] == "metrics.jsonl")
      #expect(try numbers(url).last == 39)
    }
  }
}
