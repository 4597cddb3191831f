import Dispatch
import Foundation
import Pipelines

/// Runs a job that blocks on a thread of its own; the first Ctrl-C asks it to stop cleanly, the second ends the program.
func interruptible<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  signal(SIGINT, SIG_IGN)
  signal(SIGTERM, SIG_IGN)
  let sources = [SIGINT, SIGTERM].map { number in
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      if Interruption.isRequested { Foundation.exit(ExitStatus.interrupted.rawValue) }
      Interruption.request()
    }
    source.resume()
    return source
  }
  defer { for source in sources { source.cancel() } }
  return try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
  }
}
