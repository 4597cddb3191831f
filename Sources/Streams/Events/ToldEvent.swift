internal import Foundation
internal import Synchronization

/// An event that was sent, with its place in the order of all; encoded once, however many ask for it.
public final class ToldEvent: Sendable {
  /// 1 for the first event of a hub.
  public let number: Int
  public let event: RunEvent
  private let encoded = Mutex<[UInt8]?>(nil)

  init(number: Int, event: RunEvent) {
    self.number = number
    self.event = event
  }

  /// The event as JSON on one line, in UTF-8. JSON has no infinities: a diverged loss travels as a string, such as
  /// `"Infinity"`. All who ask share the same bytes.
  public var json: [UInt8] {
    encoded.withLock { encoded in
      if let encoded { return encoded }
      // Events are numbers and text, which always can be encoded.
      let bytes = (try? JSONEncoder.withInfinities.encode(event)).map { [UInt8]($0) } ?? Array("{}".utf8)
      encoded = bytes
      return bytes
    }
  }
}
