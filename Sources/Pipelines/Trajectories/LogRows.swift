internal import Foundation
internal import Streams

/// The rows of a growing file, one after the other, and what there is to say of it.
struct LogRows {
  private var follower: LineFollower
  private var parser: ObservationParser
  private let name: String
  private var block: [UInt8] = []
  private var place = 0
  private var restarts = 0
  private var messages: [String] = []
  /// Refused lines that were told of.
  private var told = 0

  init(_ url: URL, _ parser: ObservationParser) {
    follower = LineFollower(url)
    self.parser = parser
    name = url.lastPathComponent
  }

  /// What is to be told of the lines so far.
  mutating func takeMessages() -> [String] {
    guard !messages.isEmpty else { return [] }
    defer { messages = [] }
    return messages
  }

  /// The same at the end: with the number of lines that were passed over, where it was not told yet.
  mutating func farewell() -> [String] {
    if parser.refused > told {
      messages.append("\(name): \(parser.refused) lines were no rows and were passed over")
      told = parser.refused
    }
    return takeMessages()
  }

  /// The next row; nil when there is none yet.
  /// - Parameter isComplete: Whether nobody goes on with the file, so that its last line needs no end.
  /// - Throws: `RunError` for a file that cannot be read, or not as such a log.
  mutating func next(isComplete: Bool) throws -> Observation? {
    while true {
      if place == block.count {
        guard try readOn(isComplete: isComplete) else { return nil }
      }
      let outcome = try block.withUnsafeBytes { bytes in
        let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
        let length = rest.place(of: 10) ?? rest.count
        place = min(place + length + 1, bytes.count)
        do { return try parser.parse(UnsafeRawBufferPointer(rebasing: rest[..<length])) } catch let error as RunError {
          throw RunError(error.code, "\(name): \(error.message)")
        }
      }
      messages += parser.takeRemarks().map { "\(name), \($0)" }
      switch outcome {
      case .observation(let observation): return observation
      case .header, .passed: continue
      case .refused(let reason):
        // The first of them and then ever fewer, so that a file of another kind does not flood the page.
        guard parser.refused & (parser.refused - 1) == 0 else { continue }
        told = parser.refused
        messages.append("\(name), line \(parser.line): \(reason) (\(parser.refused) such lines so far)")
      }
    }
  }

  /// - Returns: Whether there are more lines.
  private mutating func readOn(isComplete: Bool) throws -> Bool {
    do { block = try follower.readBytes() } catch let error as LogError { throw RunError(.badInput, "\(error)") }
    place = 0
    if follower.restarts != restarts {
      restarts = follower.restarts
      parser.restart()
      let left = follower.left > 0 ? "; the \(follower.left) bytes of a last line without an end were passed over" : ""
      messages.append("\(name) was replaced or cut short; reading it from its beginning\(left)")
    }
    if block.isEmpty, isComplete { block = follower.takeUnfinished() }
    return !block.isEmpty
  }
}
