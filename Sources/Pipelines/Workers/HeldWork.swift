internal import Foundation
internal import Synchronization
internal import Transports

/// What a worker holds and says of itself, kept alive by a thread while another works.
///
/// A claim that was lost, because the worker was stopped or the transport lost everything, is taken again if nobody else
/// has it by then; else what it is for is dropped.
final class HeldWork: Sendable {
  private struct State {
    var claim: Claim?
    var isHeld = false
    var presence: WorkerPresence
    var hasEnded = false
  }

  private let transport: any Transport
  private let queue: WorkQueue
  private let name: MessageID
  private let state: Mutex<State>
  private let renewal = NSLock()
  private let wake = DispatchSemaphore(value: 0)
  private let done = DispatchSemaphore(value: 0)

  init(_ transport: any Transport, _ queue: WorkQueue, _ presence: WorkerPresence) {
    self.transport = transport
    self.queue = queue
    name = MessageID(words: presence.name)
    state = Mutex(State(presence: presence))
  }

  func begin() {
    // Four times a lease; a worker says every five seconds that it is there.
    let interval = min(transport.lease / 4, WorkerPresence.interval) / .seconds(1)
    Thread.detachNewThread { [self] in
      while !state.withLock({ $0.hasEnded }) {
        _ = isStillHeld()
        try? transport.note(name, state.withLock { $0.presence.message }, on: queue)
        _ = wake.wait(timeout: .now() + interval)
      }
      done.signal()
    }
  }

  /// Gives back what is held, and takes the worker off the list.
  func end() {
    state.withLock { $0.hasEnded = true }
    wake.signal()
    done.wait()
    giveBack()
    try? transport.erase(name, on: queue)
  }

  func take(_ claim: Claim) {
    state.withLock { state in
      state.claim = claim
      state.isHeld = true
      state.presence.state = .busy
      state.presence.holds = claim.id.text
    }
    wake.signal()
  }

  /// Nothing is held any more.
  /// - Parameter seconds: What it took, of work that was done; nil for other.
  func letGo(after seconds: Double?) {
    state.withLock { state in
      state.claim = nil
      state.isHeld = false
      state.presence.state = .idle
      state.presence.holds = nil
      if let seconds {
        state.presence.done += 1
        state.presence.seconds += seconds
      }
    }
    wake.signal()
  }

  func say(refuses words: String?) { state.withLock { $0.presence.refuses = words } }

  /// Lets others have it at once. A claim that cannot be given back ends by itself.
  func giveBack() {
    renewal.withLock { if let claim = state.withLock({ $0.claim }) { try? transport.release(claim) } }
    letGo(after: nil)
  }

  /// Takes away what was done. A claim that cannot be finished ends by itself; its work is then found answered.
  func finish() {
    renewal.withLock { if let claim = state.withLock({ $0.claim }) { try? transport.finish(claim) } }
  }

  /// Whether the last renewal has failed.
  var isLost: Bool { state.withLock { !$0.isHeld } }

  /// Renews the claim; one that was lost is taken again where that can be.
  /// - Returns: Nil when the other side cannot be reached, so that nobody knows.
  func isStillHeld() -> Bool? {
    renewal.withLock {
      guard var claim = state.withLock({ $0.claim }) else { return false }
      do {
        if try !transport.renew(&claim) {
          let (id, payload) = (claim.id, claim.payload)
          guard
            let again = try transport.claim(
              on: queue, by: name.text, choosing: { other, bytes in other == id && bytes == payload })
          else {
            state.withLock { $0.isHeld = false }
            return false
          }
          claim = again
        }
        state.withLock { state in
          // It may have been let go in the meantime.
          if state.claim?.id == claim.id { state.claim = claim }
          state.isHeld = true
        }
        return true
      } catch { return nil }
    }
  }
}
