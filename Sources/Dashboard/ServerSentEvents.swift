internal import FlyingSocks
internal import Foundation
internal import Streams

/// Run events as the bytes of a server-sent event stream, from the remembered ones to the end of the run.
struct ServerSentEvents: AsyncBufferedSequence {
  typealias Element = UInt8
  let events: EventHub

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(events: events.events().makeAsyncIterator()) }

  struct AsyncIterator: AsyncBufferedIteratorProtocol {
    var events: AsyncStream<RunEvent>.Iterator
    var rest: ArraySlice<UInt8> = []

    mutating func next() async throws -> UInt8? {
      if rest.isEmpty { rest = try await line() ?? [] }
      return rest.popFirst()
    }

    mutating func nextBuffer(suggested count: Int) async throws -> ArraySlice<UInt8>? {
      if rest.isEmpty {
        guard let line = try await line() else { return nil }
        rest = line
      }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }

    private mutating func line() async throws -> ArraySlice<UInt8>? {
      guard let event = await events.next(isolation: #isolation) else { return nil }
      return ArraySlice("data: ".utf8) + (try RunEventJSON.encode(event)) + "\n\n".utf8
    }
  }
}
