import FlyingSocks
import Foundation
import Streams

/// Run events as the body of a `text/event-stream` response (HTML Standard, section 9.2): a block of lines per event,
/// named by the event's topic.
struct ServerSentEvents: AsyncBufferedSequence {
  typealias Element = UInt8

  let events: AsyncStream<RunEvent>

  struct AsyncIterator: AsyncBufferedIteratorProtocol {
    var events: AsyncStream<RunEvent>.Iterator

    mutating func next() async throws -> UInt8? { preconditionFailure("a body is read in buffers") }

    /// One whole event, whatever size is suggested: a browser shows it as soon as its block is complete.
    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      guard let event = await events.next(isolation: #isolation) else { return nil }
      return try Array(Self.block(event).utf8)
    }

    static func block(_ event: RunEvent) throws -> String {
      "event: \(event.topic)\ndata: \(String(decoding: try JSONEncoder.page.encode(event), as: UTF8.self))\n\n"
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(events: events.makeAsyncIterator()) }
}

extension JSONEncoder {
  /// JSON has no infinities: a diverged loss travels as a string, which the page draws as a gap.
  static var page: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return encoder
  }
}
