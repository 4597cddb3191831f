/// How work and its results get from one process to another, on this machine or on others.
///
/// A queue has three places. *Work* is offered under an id and claimed by one worker at a time; a claim is a lease that
/// must be renewed, and ends by itself when its holder dies or is stopped. *Mail* is what comes back, under an id: posting the
/// same id again replaces it, so that every message may come twice. *Notes* are last values: who is there, what is done.
///
/// Nothing here is the truth. Whatever is kept may be gone at any moment, and then whoever offered work offers it again from
/// what it knows itself. Calls block; a transport is used from several threads at once.
public protocol Transport: Sendable {
  /// As the user wrote it, without secrets.
  var address: String { get }
  /// How long a claim holds without being renewed.
  var lease: Duration { get }

  /// Offers work, or offers it again; what is offered or held already stays as it is.
  /// - Throws: `TransportError` when the other side cannot be reached, or for a message that is too large.
  func offer(_ id: MessageID, _ payload: [UInt8], on queue: WorkQueue) throws(TransportError)
  /// Takes work back; whoever holds it finds out when it renews.
  func withdraw(_ id: MessageID, from queue: WorkQueue) throws(TransportError)
  /// The ids of all work that is offered or held.
  func offered(on queue: WorkQueue) throws(TransportError) -> Set<MessageID>
  /// Claims work that nobody holds; nil where there is none that `choosing` wants.
  /// - Parameter choosing: Is asked before anything is claimed.
  func claim(
    on queue: WorkQueue, by worker: String, choosing: (MessageID, [UInt8]) -> Bool
  ) throws(TransportError) -> Claim?
  /// Extends a claim by a lease from now.
  /// - Returns: False when it is lost: another may hold the work.
  func renew(_ claim: inout Claim) throws(TransportError) -> Bool
  /// Gives work back, for others to claim at once.
  func release(_ claim: Claim) throws(TransportError)
  /// Takes work away that is done. To be called when its result was posted.
  func finish(_ claim: Claim) throws(TransportError)

  /// Posts a result.
  /// - Returns: False when there is no room now: try again later.
  /// - Throws: `TransportError`.
  func post(_ id: MessageID, _ message: [UInt8], to queue: WorkQueue) throws(TransportError) -> Bool
  /// The ids of everything that was posted and not discarded.
  func posted(to queue: WorkQueue) throws(TransportError) -> Set<MessageID>
  /// A posted message; nil where there is none.
  /// - Throws: `TransportError.malformed` for one that was not posted by this program, or is damaged.
  func read(_ id: MessageID, from queue: WorkQueue) throws(TransportError) -> [UInt8]?
  func discard(_ id: MessageID, from queue: WorkQueue) throws(TransportError)

  /// Sets a note.
  func note(_ name: MessageID, _ message: [UInt8], on queue: WorkQueue) throws(TransportError)
  /// All notes, with the time since each was set; what is malformed is left out.
  func notes(on queue: WorkQueue) throws(TransportError) -> [Note]
  func erase(_ name: MessageID, on queue: WorkQueue) throws(TransportError)
}

/// What a queue is for.
public enum WorkQueue: String, Sendable, CaseIterable {
  case judge, simulate, sweep
}

/// Work that a worker holds.
public struct Claim: Sendable {
  public let id: MessageID
  public let queue: WorkQueue
  public let payload: [UInt8]
  /// What tells this claim from every other on the same work, as the transport knows it.
  var token: String
}

/// A last value.
public struct Note: Sendable {
  public let name: MessageID
  public let message: [UInt8]
  public let age: Duration
}
