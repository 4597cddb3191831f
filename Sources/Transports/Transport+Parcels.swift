internal import Disk
internal import Foundation

/// Messages that are larger than what travels at once, in parts.
extension Transport {
  /// Posts a message in as many parts as it needs; the id appears when all of them are there.
  /// - Returns: False when there is no room now.
  /// - Throws: `TransportError`.
  public func send(_ id: MessageID, _ message: [UInt8], to queue: WorkQueue) throws(TransportError) -> Bool {
    guard message.count <= Parcel.largest else {
      throw TransportError(.tooLarge, "\(id) has \(message.count) bytes; \(Parcel.largest) are the most")
    }
    guard message.count > Parcel.size else { return try post(id, [0] + message, to: queue) }
    let digest = Fingerprint.of(message)
    let count = (message.count + Parcel.size - 1) / Parcel.size
    for number in 0..<count {
      let bytes = message[(number * Parcel.size)..<min(message.count, (number + 1) * Parcel.size)]
      guard let name = Parcel.part(number, of: digest, id) else {
        throw TransportError(.malformed, "the id \(id) is too long")
      }
      guard try post(name, Array(bytes), to: queue) else { return false }
    }
    return try post(id, [1] + Array("\(count) \(message.count) \(digest)".utf8), to: queue)
  }

  /// A posted message, put together from its parts; nil where it, or a part, is not there.
  /// - Throws: `TransportError`; `malformed` when the parts do not make what was sent.
  public func receive(_ id: MessageID, from queue: WorkQueue) throws(TransportError) -> [UInt8]? {
    guard let first = try read(id, from: queue) else { return nil }
    let rest = Array(first.dropFirst())
    guard first.first == 1 else {
      guard first.first == 0 else { throw TransportError(.malformed, "the message \(id) is of an unknown kind") }
      return rest
    }
    guard let plan = Parcel.plan(rest) else {
      throw TransportError(.malformed, "the message \(id) does not say how its parts go together")
    }
    var message: [UInt8] = []
    for number in 0..<plan.count {
      guard let name = Parcel.part(number, of: plan.digest, id), let part = try read(name, from: queue) else {
        return nil
      }
      message += part
      guard message.count <= plan.bytes else { break }
    }
    guard message.count == plan.bytes, Fingerprint.of(message) == plan.digest else {
      throw TransportError(.malformed, "the parts of \(id) do not make what was sent")
    }
    return message
  }

  /// Removes a message with its parts.
  public func dispose(of id: MessageID, from queue: WorkQueue) throws(TransportError) {
    if let first = try? read(id, from: queue), first.first == 1, let plan = Parcel.plan(Array(first.dropFirst())) {
      for number in 0..<plan.count {
        if let name = Parcel.part(number, of: plan.digest, id) { try discard(name, from: queue) }
      }
    }
    try discard(id, from: queue)
  }
}
