import Foundation
import TestSupport
import Testing

@testable import Streams

private struct Loss: Codable, Sendable { var loss: Double }

@Suite("A log of JSON lines")
struct LogTests {
  @Test("The checksum is CRC-32C: 123456789 gives e3069283 (RFC 3720)")
  func checksum() { #expect(CRC32C.hex("123456789".utf8) == "e3069283") }

  @Test("Lines are numbered on through reopening, and are plain JSON to anyone else")
  func reopen() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      for value in 0..<3 { try JSONLinesLog(url).append(Loss(loss: Double(value))) }
      let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
      #expect(try lines.map { try JSONLine(parsing: String($0)).number } == [0, 1, 2])
      #expect(try lines.map { try JSONDecoder().decode(Loss.self, from: Data($0.utf8)).loss } == [0, 1, 2])
    }
  }

  @Test("A line that a kill cut short is kept apart and spoils no other")
  func torn() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      try JSONLinesLog(url).append(Loss(loss: 1))
      let handle = try FileHandle(forWritingTo: url)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"seq\":1,\"lo".utf8))
      try handle.close()
      try JSONLinesLog(url).append(Loss(loss: 2))
      var follower = JSONLinesFollower(url)
      let items = try follower.read()
      #expect(items.count == 3)
      #expect(items[1] == .defect(.notALogLine, text: "{\"seq\":1,\"lo"))
      guard case .line(let last) = items[2] else { return #expect(Bool(false), "the last line is lost") }
      #expect(last.number == 1)
    }
  }

  @Test("A follower reads through rotations and loses nothing")
  func rotation() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      let log = try JSONLinesLog(url, rotationSize: 400)
      for value in 0..<50 { try log.append(Loss(loss: Double(value))) }
      #expect(JSONLinesLog.rotated(of: url).count > 3)
      var follower = JSONLinesFollower(url)
      var numbers: [Int] = []
      while case let items = try follower.read(), !items.isEmpty {
        for item in items {
          if case .line(let line) = item { numbers.append(line.number) } else { Issue.record("\(item)") }
        }
      }
      #expect(numbers == Array(0..<50))
    }
  }

  @Test("A line that is missing, and one that was changed, are noticed")
  func tampered() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      let log = try JSONLinesLog(url)
      for value in 0..<4 { try log.append(Loss(loss: Double(value))) }
      var lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
      lines.remove(at: 1)
      lines[2] = lines[2].replacingOccurrences(of: "3", with: "4")
      try (lines.joined(separator: "\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
      var follower = JSONLinesFollower(url)
      let items = try follower.read()
      #expect(items.contains(.gap(after: 0, before: 2)))
      #expect(items.contains { if case .defect = $0 { true } else { false } })
    }
  }

  @Test("A followed file may be truncated or replaced: reading starts anew")
  func truncation() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "x.log")
      var follower = LineFollower(url)
      #expect(try follower.read() == [])
      try Data("one\ntw".utf8).write(to: url)
      #expect(try follower.read() == ["one"])
      try Data("1\n".utf8).write(to: url)
      #expect(try follower.read() == ["1"])
      #expect(follower.restarts == 1)
    }
  }
}
