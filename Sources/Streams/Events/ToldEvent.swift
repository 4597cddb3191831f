internal import Foundation
internal import Synchronization

/// An event that was sent, with its place in the order of all; encoded once, however many ask for it.
public final class ToldEvent: Sendable {
  /// 1 for the first event of a hub.
  public let number: Int
  public let event: RunEvent
  /// When it was sent, in seconds since 1970; nil where that is not known.
  public let time: Double?
  private let encoded = Mutex<[UInt8]?>(nil)

  init(number: Int, event: RunEvent, time: Double?) {
    self.number = number
    self.event = event
    self.time = time
  }

  private struct Timed: Encodable {
    let event: RunEvent
    let time: Double?

    private enum Key: String, CodingKey { case time }

    func encode(to encoder: any Encoder) throws {
      try event.encode(to: encoder)
      var object = encoder.container(keyedBy: Key.self)
      // Milliseconds are enough to read, and short.
      try object.encodeIfPresent(time.map { ($0 * 1000).rounded() / 1000 }, forKey: .time)
    }
  }

  /// The event and its `time` as JSON on one line, in UTF-8. JSON has no infinities: a diverged loss travels as a string, such as
  /// `"Infinity"`. All who ask share the same bytes.
  public var json: [UInt8] {
    encoded.withLock { encoded in
      if let encoded { return encoded }
      // Events are numbers and text, which always can be encoded.
      let bytes =
        (try? JSONEncoder.withInfinities.encode(Timed(event: event, time: time))).map { [UInt8]($0) }
        ?? Array("{}".utf8)
      encoded = bytes
      return bytes
    }
  }
}
