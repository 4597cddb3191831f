import Foundation
import TestSupport
import Testing

@testable import Streams

@Suite("A followed file of lines")
struct LineFollowerTests {
  private func append(_ text: String, to url: URL) throws {
    let handle = try FileHandle(forWritingTo: url)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  @Test("Lines come as they are, empty ones too, and one without its end when it has come")
  func lines() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "x")
      var follower = LineFollower(url)
      #expect(try follower.readBytes().isEmpty)
      try Data("a\n\nb\r\nc".utf8).write(to: url)
      #expect(try follower.readBytes() == Array("a\n\nb\r\n".utf8))
      #expect(try follower.readBytes().isEmpty)
      try append("d\n", to: url)
      #expect(try follower.readBytes() == Array("cd\n".utf8))
      try append("e", to: url)
      #expect(try follower.readBytes().isEmpty && follower.takeUnfinished() == Array("e".utf8))
    }
  }

  @Test("A file that was cut short and has grown beyond the old place is read from its beginning")
  func regrown() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "x")
      var follower = LineFollower(url)
      try Data("1\n2\n3".utf8).write(to: url)
      #expect(try follower.read() == ["1", "2"])
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data("4\n5\n6\n7\n".utf8))
      try handle.close()
      #expect(try follower.read() == ["4", "5", "6", "7"])
      #expect(follower.restarts == 1 && follower.left == 1)
    }
  }

  @Test("A line that is too long is cut, its rest is passed over, and what follows is read")
  func overlong() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "x")
      let long = Data(repeating: UInt8(ascii: "7"), count: LineFollower.longestLine + 3 << 20)
      try (Data("a\n".utf8) + long + Data("\nb\n".utf8)).write(to: url)
      var follower = LineFollower(url)
      var lines: [String] = []
      while case let more = try follower.read(), !more.isEmpty { lines += more }
      #expect(lines.map(\.utf8.count) == [1, LineFollower.longestLine, 1] && lines.last == "b")
    }
  }

  @Test("A folder or a pipe in the file's place is refused and not waited for")
  func special() async throws {
    try await withTemporaryDirectory { folder in
      var follower = LineFollower(folder)
      #expect(throws: LogError.self) { try follower.read() }
      let pipe = folder.appending(path: "pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      var other = LineFollower(pipe)
      #expect(throws: LogError.self) { try other.read() }
    }
  }
}
