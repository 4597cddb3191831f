internal import Foundation
internal import Streams
internal import Synchronization
internal import Transports

/// The side that offers work: it knows what is still to be done, sees to it that the transport has that, and takes the first
/// sound answer to each piece.
///
/// What the transport has may be lost at any moment, and every message may come twice or late. What is neither offered nor
/// answered is offered again; an answer to what is not asked for, or any more, is dropped.
final class WorkBoard: Sendable {
  /// Takes an answer.
  /// - Throws: For one that is none; the work is then offered again.
  typealias Take = @Sendable ([UInt8]) throws -> Void

  private struct Piece {
    var payload: [UInt8]
    var take: Take
  }
  private struct State {
    var pieces: [MessageID: Piece] = [:]
    var isCleared = false
    var hasEnded = false
    /// Answers that were dropped.
    var dropped = 0
  }

  let transport: any Transport
  private let queue: WorkQueue
  let scope: MessageID
  private let lookout: WorkerLookout
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)

  static let interval = 0.2

  init(_ transport: any Transport, _ queue: WorkQueue, scope: MessageID, events: EventHub, roster: WorkerRoster) {
    self.transport = transport
    self.queue = queue
    self.scope = scope
    lookout = WorkerLookout(transport, queue, events: events, roster: roster)
  }

  /// Answers that nobody asked for, or not any more.
  var dropped: Int { state.withLock { $0.dropped } }

  func offer(_ id: MessageID, _ payload: [UInt8], _ take: @escaping Take) {
    state.withLock { $0.pieces[id] = Piece(payload: payload, take: take) }
    wake.signal()
  }

  /// Starts the thread that looks after it all.
  func begin() {
    Thread.detachNewThread { [self] in
      while !state.withLock({ $0.hasEnded }) {
        look()
        _ = wake.wait(timeout: .now() + Self.interval)
      }
      // Nothing of it is left for others to find.
      try? clear()
    }
  }

  func end() {
    state.withLock { $0.hasEnded = true }
    wake.signal()
  }

  /// Looks once: takes answers, offers what is not offered, sees who is there.
  func look() {
    do {
      if !state.withLock({ $0.isCleared }) {
        // What an earlier process of this run has left: the truth is what is offered now.
        try clear()
        state.withLock { $0.isCleared = true }
      }
      try exchange()
      _ = try lookout.meet(isWaiting: state.withLock { !$0.pieces.isEmpty })
      lookout.reached()
    } catch {
      lookout.missed("\(error). It is tried again; what is asked for is kept here")
    }
  }

  private func clear() throws {
    for id in try transport.offered(on: queue) where id.isUnder(scope) { try transport.withdraw(id, from: queue) }
    for id in try transport.posted(to: queue) where id.isUnder(scope) { try transport.discard(id, from: queue) }
  }

  private func exchange() throws {
    // In this order: whoever is done posts first, and finishes then.
    let offered = try transport.offered(on: queue)
    let posted = try transport.posted(to: queue).filter { $0.isUnder(scope) && !Parcel.isPart($0) }
    for id in posted.sorted() {
      let piece = state.withLock { $0.pieces[id] }
      guard let piece else {
        state.withLock { $0.dropped += 1 }
        try transport.dispose(of: id, from: queue)
        continue
      }
      do {
        guard let answer = try transport.receive(id, from: queue) else { continue }
        try piece.take(answer)
        state.withLock { $0.pieces[id] = nil }
        try transport.withdraw(id, from: queue)
      } catch let error as TransportError where error.code != .malformed {
        throw error
      } catch {
        lookout.complain("\(error); it is asked for again")
      }
      try transport.dispose(of: id, from: queue)
    }
    let pieces = state.withLock { $0.pieces }
    for (id, piece) in pieces.sorted(by: { $0.key < $1.key }) where !offered.contains(id) && !posted.contains(id) {
      try transport.offer(id, piece.payload, on: queue)
    }
  }
}
