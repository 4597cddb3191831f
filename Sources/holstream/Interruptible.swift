import Foundation
import Pipelines

/// Runs a job that blocks on a thread of its own; the first Ctrl-C asks it to stop cleanly, the second ends the program.
func interruptible<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  let signals = StopSignals()
  defer { withExtendedLifetime(signals) {} }
  return try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
  }
}
