internal import Foundation

/// Does something, in a thread of its own, at most so long after it was asked for: bringing files to the disk, which must
/// not hold up whoever writes them.
public final class TimedSynchroniser: @unchecked Sendable {
  private let interval: TimeInterval
  private let body: @Sendable () -> Void
  private let condition = NSCondition()
  // All of it is guarded by `condition`.
  private var isDue = false
  private var isHurried = false
  private var isBusy = false
  private var isStopped = false
  private var hasThread = false

  /// - Parameter interval: From the first `mark` to the beginning of `body`.
  public init(every interval: Duration, _ body: @escaping @Sendable () -> Void) {
    self.interval = interval / .seconds(1)
    self.body = body
  }

  /// Something was written: `body` runs when the interval has gone by.
  public func mark() {
    condition.withLock {
      guard !isDue, !isStopped else { return }
      isDue = true
      if !hasThread {
        hasThread = true
        Thread.detachNewThread { self.run() }
      }
      condition.broadcast()
    }
  }

  /// Has `body` run now, if it is due, and waits for it.
  public func synchronise() {
    condition.lock()
    defer { condition.unlock() }
    while isDue || isBusy {
      isHurried = true
      condition.broadcast()
      condition.wait()
    }
  }

  /// Ends the thread, which holds this object; what is due is not done any more.
  public func stop() {
    condition.withLock {
      isStopped = true
      isDue = false
      condition.broadcast()
    }
  }

  private func run() {
    condition.lock()
    while !isStopped {
      guard isDue else {
        condition.wait()
        continue
      }
      let deadline = Date(timeIntervalSinceNow: interval)
      while isDue, !isHurried, !isStopped, condition.wait(until: deadline) {}
      guard isDue, !isStopped else { continue }
      isDue = false
      isHurried = false
      isBusy = true
      condition.unlock()
      body()
      condition.lock()
      isBusy = false
      condition.broadcast()
    }
    hasThread = false
    condition.unlock()
  }
}
