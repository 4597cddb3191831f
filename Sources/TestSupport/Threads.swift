internal import Streams

/// Runs what may block on a thread of its own, so that it takes none of those that asynchronous tests share.
public func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  let thread = ThreadExecutor(name: "test")
  defer { thread.end() }
  return try await Task(executorPreference: thread) { try body() }.value
}
