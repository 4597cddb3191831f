internal import Foundation
internal import Synchronization
internal import Tensors
internal import Transports

/// The side that does work: claims a piece, does it while its claim is renewed, posts the answer, claims the next.
struct Worker: Sendable {
  /// What came of a piece.
  enum Outcome {
    case answer([UInt8])
    /// Everything was posted already.
    case posted
    /// Somebody else should do it, for this reason.
    case refused(String)
    /// It is no longer wanted here, or was lost.
    case dropped(String)
  }

  let transport: any Transport
  let queue: WorkQueue
  let name: String
  /// Ends after so many pieces; nil for never.
  var most: Int?
  /// Ends when there was nothing to do for so long; nil for never.
  var idle: Duration?
  let halt: @Sendable () -> Bool
  let tell: @Sendable (String) -> Void

  static let interval: Duration = .milliseconds(200)
  /// A piece that was refused is looked at again after so long: what was missing may have come.
  private static let patience = Duration.seconds(60)

  /// - Parameters:
  ///   - choosing: The reason to leave a piece to others; nil to take it. Asked before it is claimed.
  ///   - perform: Does it.
  /// - Returns: Pieces that were done.
  func run(
    choosing: (MessageID, [UInt8]) -> String?, perform: (Claim, HeldWork) throws -> Outcome
  ) throws -> Int {
    let held = HeldWork(
      transport, queue,
      WorkerPresence(name: name, state: .idle, done: 0, seconds: 0, arithmetic: Arithmetic.current.id))
    held.begin()
    defer { held.end() }
    var (done, isUnreachable) = (0, false)
    var refused: [MessageID: ContinuousClock.Instant] = [:]
    var complaints: Set<String> = []
    var last = ContinuousClock.now
    func say(_ words: String) {
      held.say(refuses: words)
      if complaints.count < 1000, complaints.insert(words).inserted { tell(words) }
    }
    while !halt(), done < most ?? .max {
      let claim: Claim?
      do {
        let now = ContinuousClock.now
        claim = try transport.claim(on: queue, by: name) { id, payload in
          if let until = refused[id], now < until { return false }
          guard let reason = choosing(id, payload) else { return true }
          say(reason)
          return false
        }
        if isUnreachable { tell("\(transport.address) is there again") }
        isUnreachable = false
      } catch {
        guard error.code == .unreachable else { throw error }
        if !isUnreachable { tell("\(error). It is tried again") }
        isUnreachable = true
        claim = nil
      }
      guard let claim else {
        if let idle, ContinuousClock.now - last > idle { break }
        Self.pause(isUnreachable ? .seconds(1) : Self.interval)
        continue
      }
      held.take(claim)
      let begin = ContinuousClock.now
      do {
        switch try perform(claim, held) {
        case .answer(let message):
          if try deliver(message, claim, held) {
            done += 1
            held.say(refuses: nil)
            held.letGo(after: (ContinuousClock.now - begin) / .seconds(1))
          } else {
            tell("\(claim.id) was lost to another worker while this one was away: what came of it is dropped")
            held.letGo(after: nil)
          }
        case .posted:
          done += 1
          held.finish()
          held.letGo(after: (ContinuousClock.now - begin) / .seconds(1))
        case .dropped(let words):
          tell("\(claim.id): \(words)")
          held.letGo(after: nil)
        case .refused(let words):
          say("\(claim.id) is left to others: \(words)")
          refused[claim.id] = ContinuousClock.now + Self.patience
          if refused.count > 10_000 { refused.removeAll() }
          held.giveBack()
        }
      } catch let error as RunError where error.code == .interrupted {
        break
      }
      last = .now
    }
    return done
  }

  /// Posts an answer as long as the claim is held.
  /// - Returns: False when it is another's.
  private func deliver(_ message: [UInt8], _ claim: Claim, _ held: HeldWork) throws -> Bool {
    while true {
      let isHeld = held.isStillHeld()
      if isHeld == false { return false }
      if isHeld == true, try post(message, claim.id) {
        held.finish()
        return true
      }
      if halt() { throw RunError(.interrupted, "stopped before the answer could be delivered") }
      Self.pause(.milliseconds(500))
    }
  }

  /// - Returns: False when there is no room, or nobody there to take it.
  private func post(_ message: [UInt8], _ id: MessageID) throws -> Bool {
    do { return try transport.send(id, message, to: queue) } catch {
      guard error.code == .unreachable else { throw error }
      return false
    }
  }

  static func pause(_ duration: Duration) {
    let end = DispatchSemaphore(value: 0)
    _ = end.wait(timeout: .now() + duration / .seconds(1))
  }
}
