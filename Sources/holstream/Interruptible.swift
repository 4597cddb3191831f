import Dispatch
import Foundation
import Pipelines

/// Runs a job that blocks on a thread of its own; the first Ctrl-C asks it to stop cleanly, the second ends the program.
///
/// A job that is in the middle of something long is ended after a while in any case: whatever it writes survives a kill.
func interruptible<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try AddressSpace.check()
  let signals = StopSignals {
    // Most jobs have ended by then, and have said so.
    DispatchQueue.global().asyncAfter(deadline: .now() + 1) {
      StandardStream.error.print(
        "holstream: Stopping after what is being computed, in ten seconds at the latest. Another signal ends it at once."
      )
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 10) {
      StandardStream.error.print("holstream: Ended in the middle of a long step; what was written before is whole.")
      _exit(ExitStatus.interrupted.rawValue)
    }
  }
  defer { withExtendedLifetime(signals) {} }
  return try await onThread(body)
}

/// Runs a job that blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
  }
}
