internal import CNats
internal import Foundation
internal import Synchronization

/// A NATS server with JetStream: four buckets of keys a queue, `holstream-judge-work`, `-claims`, `-mail` and `-notes`.
///
/// A claim is a key that is created where there is none, which the server grants to one alone, in a bucket whose values are
/// forgotten after a lease; it is renewed by updating the revision that was seen last, so that whoever lost it finds out.
/// Putting a value twice is putting it once. After any failure the connection is made anew, and so is what the server lacks:
/// a broker that lost its folder is an empty broker.
public final class NATSTransport: Transport {
  public let address: String
  public let lease: Duration
  private let url: String
  private let token: String?
  private let authority: String?
  private let prefix: String
  private let mostMail: Int
  private let connection = Mutex<Connection?>(nil)

  private enum Shelf: String, CaseIterable { case work, claims, mail, notes }

  /// Handles of the client's library, used by one thread at a time.
  private struct Connection: @unchecked Sendable {
    var client: OpaquePointer
    var buckets: [String: OpaquePointer] = [:]
  }

  /// - Parameters:
  ///   - url: Such as `nats://host:4222`, or `tls://…`.
  ///   - token: What the server asks for; nil for none.
  ///   - authority: A file with the certificates that are trusted beside a `tls://` address; the system's when nil.
  ///   - prefix: Of the buckets' names.
  ///   - mostMail: Bytes of mail that may lie in a queue.
  /// - Throws: `TransportError.missing` without Debian's libnats3.4, or `address`: beyond loopback no token is an error.
  public init(
    _ url: String, shown: String, token: String? = nil, authority: String? = nil, lease: Duration = .seconds(30),
    prefix: String = "holstream", mostMail: Int = 1 << 30
  ) throws(TransportError) {
    if let reason = holstream_nats_missing() {
      throw TransportError(.missing, "\(shown) cannot be used: \(String(cString: reason))")
    }
    let parts = URL(string: url)
    guard token != nil || parts?.user() != nil || Self.isLoopback(parts?.host() ?? "") else {
      throw TransportError(
        .address,
        "\(shown) is beyond this machine, where everyone could send work: give the broker a token and say it in "
          + "HOLSTREAM_NATS_TOKEN, or with --token-file (`holstream cluster up` makes one)")
    }
    self.url = url
    self.token = token
    self.authority = authority
    self.lease = lease
    self.prefix = prefix
    self.mostMail = mostMail
    address = shown
  }

  deinit { connection.withLock { Self.close(&$0) } }

  static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
  }

  // MARK: Work

  public func offer(_ id: MessageID, _ payload: [UInt8], on queue: WorkQueue) throws(TransportError) {
    let sealed = try SealedMessage.seal(payload, id)
    var revision: UInt64 = 0
    _ = try call(.work, queue, allowing: [holstream_nats_taken]) {
      holstream_nats_create($0, id.text, sealed, sealed.count, &revision, $1)
    }
  }

  public func withdraw(_ id: MessageID, from queue: WorkQueue) throws(TransportError) {
    try remove(id.text, .work, queue)
    try remove(id.text, .claims, queue)
  }

  public func offered(on queue: WorkQueue) throws(TransportError) -> Set<MessageID> { try ids(.work, queue) }

  public func claim(
    on queue: WorkQueue, by worker: String, choosing: (MessageID, [UInt8]) -> Bool
  ) throws(TransportError) -> Claim? {
    let work = try ids(.work, queue)
    guard !work.isEmpty else { return nil }
    let held = try ids(.claims, queue)
    for id in work.subtracting(held).sorted() {
      guard let found = try value(id.text, .work, queue),
        let payload = try? SealedMessage.open(found.bytes, id, at: address), choosing(id, payload)
      else { continue }
      let words = Array("\(worker) \(UUID().uuidString)".utf8)
      var revision: UInt64 = 0
      let said = try call(.claims, queue, allowing: [holstream_nats_taken]) {
        holstream_nats_create($0, id.text, words, words.count, &revision, $1)
      }
      guard said == holstream_nats_ok else { continue }
      // Finished between the two looks: there is nothing to do any more.
      guard try value(id.text, .work, queue) != nil else {
        try remove(id.text, .claims, queue)
        continue
      }
      return Claim(id: id, queue: queue, payload: payload, token: "\(revision)")
    }
    return nil
  }

  public func renew(_ claim: inout Claim) throws(TransportError) -> Bool {
    guard var revision = UInt64(claim.token), let held = try value(claim.id.text, .claims, claim.queue),
      held.revision == revision
    else { return false }
    let said = try call(.claims, claim.queue, allowing: [holstream_nats_taken]) {
      holstream_nats_update($0, claim.id.text, held.bytes, held.bytes.count, &revision, $1)
    }
    guard said == holstream_nats_ok else { return false }
    claim.token = "\(revision)"
    return true
  }

  public func release(_ claim: Claim) throws(TransportError) {
    var claim = claim
    // What another holds by now is not ours to give back.
    guard try renew(&claim) else { return }
    try remove(claim.id.text, .claims, claim.queue)
  }

  public func finish(_ claim: Claim) throws(TransportError) {
    var claim = claim
    guard try renew(&claim) else { return }
    try remove(claim.id.text, .work, claim.queue)
    try remove(claim.id.text, .claims, claim.queue)
  }

  /// For tests: makes the server forget a claim, as it does when the lease is over.
  func expire(_ claim: Claim) { try? remove(claim.id.text, .claims, claim.queue) }

  // MARK: Mail

  public func post(_ id: MessageID, _ message: [UInt8], to queue: WorkQueue) throws(TransportError) -> Bool {
    try put(id, message, .mail, queue)
  }

  public func posted(to queue: WorkQueue) throws(TransportError) -> Set<MessageID> { try ids(.mail, queue) }

  public func read(_ id: MessageID, from queue: WorkQueue) throws(TransportError) -> [UInt8]? {
    guard let found = try value(id.text, .mail, queue) else { return nil }
    return try SealedMessage.open(found.bytes, id, at: address)
  }

  public func discard(_ id: MessageID, from queue: WorkQueue) throws(TransportError) {
    try remove(id.text, .mail, queue)
  }

  // MARK: Notes

  public func note(_ name: MessageID, _ message: [UInt8], on queue: WorkQueue) throws(TransportError) {
    guard try put(name, message, .notes, queue) else {
      throw TransportError(.unreachable, "\(address) has no room for notes")
    }
  }

  public func notes(on queue: WorkQueue) throws(TransportError) -> [Note] {
    let names = try ids(.notes, queue)
    guard !names.isEmpty else { return [] }
    // Ages by the server's clock alone.
    let probe = MessageID(words: "clock", UUID().uuidString)
    _ = try put(probe, [], .notes, queue)
    guard let now = try value(probe.text, .notes, queue)?.created else { return [] }
    try remove(probe.text, .notes, queue)
    var notes: [Note] = []
    for name in names.sorted() where !name.text.hasPrefix("clock/") {
      guard let found = try value(name.text, .notes, queue),
        let message = try? SealedMessage.open(found.bytes, name, at: address)
      else { continue }
      notes.append(Note(name: name, message: message, age: .nanoseconds(max(0, now - found.created))))
    }
    return notes
  }

  public func erase(_ name: MessageID, on queue: WorkQueue) throws(TransportError) {
    try remove(name.text, .notes, queue)
  }

  // MARK: The server

  private struct Value {
    var bytes: [UInt8]
    var revision: UInt64
    var created: Int64
  }

  /// - Returns: False when the bucket is full.
  private func put(_ id: MessageID, _ message: [UInt8], _ shelf: Shelf, _ queue: WorkQueue) throws(TransportError)
    -> Bool
  {
    let sealed = try SealedMessage.seal(message, id)
    return try call(shelf, queue, allowing: [holstream_nats_full]) {
      holstream_nats_put($0, id.text, sealed, sealed.count, $1)
    } == holstream_nats_ok
  }

  private func value(_ key: String, _ shelf: Shelf, _ queue: WorkQueue) throws(TransportError) -> Value? {
    var bytes: UnsafeMutableRawPointer?
    var (count, revision, created) = (0, UInt64(0), Int64(0))
    let said = try call(shelf, queue, allowing: [holstream_nats_absent]) {
      holstream_nats_get($0, key, &bytes, &count, &revision, &created, $1)
    }
    guard said == holstream_nats_ok, let bytes else { return nil }
    defer { free(bytes) }
    return Value(
      bytes: Array(UnsafeRawBufferPointer(start: bytes, count: count)), revision: revision, created: created)
  }

  private func ids(_ shelf: Shelf, _ queue: WorkQueue) throws(TransportError) -> Set<MessageID> {
    var keys: UnsafeMutablePointer<CChar>?
    var count = 0
    _ = try call(shelf, queue) { holstream_nats_keys($0, &keys, &count, $1) }
    guard let keys else { return [] }
    defer { free(keys) }
    let bytes = UnsafeRawBufferPointer(start: keys, count: count)
    return Set(bytes.split(separator: 0).compactMap { MessageID(String(decoding: $0, as: UTF8.self)) })
  }

  private func remove(_ key: String, _ shelf: Shelf, _ queue: WorkQueue) throws(TransportError) {
    _ = try call(shelf, queue, allowing: [holstream_nats_absent]) { holstream_nats_remove($0, key, $1) }
  }

  /// Calls the client's library with a bucket; opened, and the server connected to, where that was not done.
  ///
  /// What fails is tried once more on a new connection: the server may have been started anew in between.
  private func call(
    _ shelf: Shelf, _ queue: WorkQueue, allowing allowed: [holstream_nats_outcome] = [],
    _ body: (OpaquePointer, UnsafeMutablePointer<CChar>) -> holstream_nats_outcome
  ) throws(TransportError) -> holstream_nats_outcome {
    var reason = [CChar](repeating: 0, count: Int(holstream_nats_reason_length))
    let outcome = connection.withLock { connection -> holstream_nats_outcome in
      var said = holstream_nats_failed
      for _ in 0..<2 {
        said = reason.withUnsafeMutableBufferPointer { words in
          var bucket: OpaquePointer?
          let opened = open(shelf, queue, &connection, &bucket, words.baseAddress!)
          return opened == holstream_nats_ok ? body(bucket!, words.baseAddress!) : opened
        }
        if said == holstream_nats_ok || allowed.contains(said) { return said }
        Self.close(&connection)
        if said == holstream_nats_refused { break }
      }
      return said
    }
    if outcome == holstream_nats_ok || allowed.contains(outcome) { return outcome }
    let words = reason.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    switch outcome {
    case holstream_nats_refused:
      throw TransportError(
        .refused,
        "\(address) does not let us in: \(words). Its token is said in HOLSTREAM_NATS_TOKEN or by --token-file, its "
          + "certificate's authority by --ca")
    case holstream_nats_full: throw TransportError(.unreachable, "\(address) is full: \(words)")
    default:
      throw TransportError(
        .unreachable, "\(address) cannot be reached: \(words). Is nats-server running there, with JetStream (-js)?")
    }
  }

  private func open(
    _ shelf: Shelf, _ queue: WorkQueue, _ connection: inout Connection?, _ bucket: inout OpaquePointer?,
    _ reason: UnsafeMutablePointer<CChar>
  ) -> holstream_nats_outcome {
    if connection == nil {
      var client: OpaquePointer?
      let said = holstream_nats_connect(
        &client, url, token, authority, url.hasPrefix("tls:") ? URL(string: url)?.host() : nil, reason)
      guard said == holstream_nats_ok, let client else { return said }
      connection = Connection(client: client)
    }
    let name = "\(prefix)-\(queue.rawValue)-\(shelf.rawValue)"
    if let known = connection!.buckets[name] {
      bucket = known
      return holstream_nats_ok
    }
    let seconds = lease.components.seconds
    let lifetime =
      shelf == .claims ? seconds * 1_000_000_000 + lease.components.attoseconds / 1_000_000_000 : 0
    let said = holstream_nats_open(
      &bucket, connection!.client, name, lifetime, shelf == .mail ? Int64(clamping: mostMail) : 0, reason)
    if said == holstream_nats_ok { connection!.buckets[name] = bucket }
    return said
  }

  private static func close(_ connection: inout Connection?) {
    guard let open = connection else { return }
    for bucket in open.buckets.values { holstream_nats_leave(bucket) }
    holstream_nats_close(open.client)
    connection = nil
  }
}
