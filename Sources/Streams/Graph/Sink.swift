/// Where a stream ends: a store, a log, a page.
public protocol Sink<Input>: Sendable {
  associatedtype Input: Sendable

  /// Takes elements until there are no more. Returning early is allowed: what still comes is dropped and counted.
  /// - Throws: What ends the whole pipeline. A cancelled task sees `CancellationError` from the sequence, so that a sink
  ///   never takes a torn-down run for a finished one.
  func consume(_ elements: Inlet<Input>) async throws
}
