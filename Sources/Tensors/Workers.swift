import Dispatch

/// A fixed number of cores that a kernel may use.
///
/// Work is split by index, never by time, so that a result does not depend on which core finishes first. The call
/// blocks its thread: make it from a thread of one's own, not from Swift's cooperative pool.
public struct Workers: Sendable {
  public let count: Int

  /// - Parameter count: How many cores may run at once, at least 1.
  public init(count: Int) {
    precondition(count >= 1, "Workers needs at least one core, got \(count)")
    self.count = count
  }

  /// Calls `body` once for each worker, with its number in `0 ..< count`, and waits for all.
  public func run(_ body: @Sendable (_ worker: Int) -> Void) {
    if count == 1 { body(0) } else { DispatchQueue.concurrentPerform(iterations: count, execute: body) }
  }

  /// Splits `0 ..< total` into `count` contiguous ranges as even as they come, and calls `body` for each at once.
  public func split(_ total: Int, _ body: @Sendable (_ worker: Int, _ range: Range<Int>) -> Void) {
    run { worker in
      let range = (worker * total / count)..<((worker + 1) * total / count)
      if !range.isEmpty { body(worker, range) }
    }
  }
}
