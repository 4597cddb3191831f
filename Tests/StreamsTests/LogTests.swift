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

  @Test("A log that is removed or renamed while it is written is an error, and is not made anew")
  func takenAway() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "run/l.jsonl")
      try FileManager.default.createDirectory(at: folder.appending(path: "run"), withIntermediateDirectories: true)
      let log = try JSONLinesLog(url)
      try log.append(Loss(loss: 1))
      try FileManager.default.moveItem(at: folder.appending(path: "run"), to: folder.appending(path: "aside"))
      let error = #expect(throws: LogError.self) { try log.append(Loss(loss: 2)) }
      #expect(error?.description.contains("run/l.jsonl") == true && error?.isDiskFull == false)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "run").path))
    }
  }

  @Test(
    "A line that a full disk cut short is completed when it is appended again, and so is a record of TensorBoard",
    .enabled(if: SmallDisk.isAvailable, "mounting needs root"))
  func fullDisk() async throws {
    try await withTemporaryDirectory { folder in
      let disk = try SmallDisk(folder.appending(path: "disk"), bytes: 1 << 17)
      let log = try JSONLinesLog(disk.folder.appending(path: "l.jsonl"))
      let curves = try TensorBoardEventFile(in: disk.folder, time: 1)
      let filler = disk.folder.appending(path: "filler")
      try Data(count: 80_000).write(to: filler)
      let long = ["series": Array(repeating: 0.123456789, count: 2000)]
      var lines = 0
      let error = #expect(throws: LogError.self) {
        while lines < 100 {
          try log.append(long)
          lines += 1
        }
      }
      #expect(error?.isDiskFull == true)
      let many = (0..<500).map { (tag: "loss \($0)", value: Float($0)) }
      #expect(throws: LogError.self) { for _ in 0..<100 { try curves.append(step: 1, scalars: many, time: 2) } }
      try FileManager.default.removeItem(at: filler)
      try log.append(long)
      try curves.append(step: 1, scalars: many, time: 2)
      var follower = JSONLinesFollower(log.url)
      var seen: [Int] = []
      while case let items = try follower.read(), !items.isEmpty {
        for item in items {
          if case .line(let line) = item { seen.append(line.number) } else { Issue.record("\(item)") }
        }
      }
      #expect(seen == Array(0...lines))
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: disk.folder.path).first { $0.contains("tfevents") })
      let bytes = [UInt8](try Data(contentsOf: disk.folder.appending(path: name)))
      var at = 0
      while at + 12 <= bytes.count {
        let length = (0..<8).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
        let checksum = CRC32C.checksum(bytes[(at + 12)..<min(bytes.count, at + 12 + length)])
        let masked = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
        #expect(
          (0..<4).allSatisfy { bytes[at + 12 + length + $0] == UInt8(truncatingIfNeeded: masked >> (8 * UInt32($0))) })
        at += 16 + length
      }
      #expect(at == bytes.count)
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

  private func numbers(_ items: [JSONLinesFollower.Item]) -> [Int] {
    items.compactMap { if case .line(let line) = $0 { line.number } else { nil } }
  }

  @Test("A log that is reopened when it is due for rotation overwrites none of its older files")
  func reopenedRotation() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      for value in 0..<60 { try JSONLinesLog(url, rotationSize: 100).append(Loss(loss: Double(value))) }
      var follower = JSONLinesFollower(url)
      var seen: [Int] = []
      while case let items = try follower.read(), !items.isEmpty { seen += numbers(items) }
      #expect(seen == Array(0..<60))
      for file in JSONLinesLog.rotated(of: url) {
        #expect(
          try JSONLine(parsing: String(try String(contentsOf: file.url, encoding: .utf8).prefix { $0 != "\n" })).number
            == file.first)
      }
    }
  }

  @Test("Numbers go on after a last line of a megabyte")
  func longLine() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      for _ in 0..<3 { try JSONLinesLog(url).append(["series": Array(repeating: 0.123456789, count: 100_000)]) }
      var follower = JSONLinesFollower(url)
      var seen: [Int] = []
      while case let items = try follower.read(), !items.isEmpty { seen += numbers(items) }
      #expect(seen == [0, 1, 2])
    }
  }

  @Test("A follower that slept through several rotations fetches what it missed from the rotated files")
  func sleepy() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      let log = try JSONLinesLog(url, rotationSize: 200)
      var follower = JSONLinesFollower(url)
      var items: [JSONLinesFollower.Item] = []
      for value in 0..<90 {
        try log.append(Loss(loss: Double(value)))
        if value % 30 == 0 { items += try follower.read() }
      }
      while case let more = try follower.read(), !more.isEmpty { items += more }
      #expect(items.count == 90)
      #expect(numbers(items) == Array(0..<90))
    }
  }

  @Test("A follower goes on after the last line it knows", arguments: [-1, 0, 20, 48])
  func resume(known: Int) async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "l.jsonl")
      let log = try JSONLinesLog(url, rotationSize: 400)
      for value in 0..<50 { try log.append(Loss(loss: Double(value))) }
      var follower = JSONLinesFollower(url, after: known)
      var items: [JSONLinesFollower.Item] = []
      while case let more = try follower.read(), !more.isEmpty { items += more }
      #expect(items.count == 49 - known)
      #expect(numbers(items) == Array((known + 1)..<50))
    }
  }

  @Test("Every record of a TensorBoard file carries the checksums that TensorFlow's readers ask for")
  func tensorBoard() async throws {
    try await withTemporaryDirectory { folder in
      let file = try TensorBoardEventFile(in: folder, time: 1)
      for step in 0..<200 { try file.append(step: step, scalars: [("loss", Float(step) / 2), ("rate", 1)], time: 2) }
      try file.append(hyperparameters: [("batch", "64"), ("family", "cnn")], time: 3)
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
      let bytes = [UInt8](try Data(contentsOf: folder.appending(path: name)))
      func word(_ at: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
      }
      func unmasked(_ at: Int) -> UInt32 {
        let rotated = UInt32(word(at, 4)) &- 0xA282_EAD8
        return rotated >> 17 | rotated << 15
      }
      var at = 0
      var records = 0
      while at < bytes.count {
        let length = Int(word(at, 8))
        #expect(unmasked(at + 8) == CRC32C.checksum(bytes[at..<(at + 8)]))
        #expect(unmasked(at + 12 + length) == CRC32C.checksum(bytes[(at + 12)..<(at + 12 + length)]))
        at += 16 + length
        records += 1
      }
      #expect(at == bytes.count)
      #expect(records == 202)
    }
  }
}
