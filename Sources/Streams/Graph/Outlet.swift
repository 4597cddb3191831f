/// The sending end of a stage.
public struct Outlet<Element: Sendable>: Sendable {
  let flow: Flow<Element>

  /// Hands an element to every reader, waiting where a buffer is full.
  /// - Throws: `CancellationError` when the task is cancelled while it waits.
  public func callAsFunction(_ element: Element) async throws { try await flow.send(element) }

  /// Waits until every lossless reader has done with all that was emitted, so that a log has its lines. What is written
  /// down afterwards never says more than the readers know.
  /// - Returns: Whether all have; not when one of them failed or went away over it, or the task was cancelled.
  public func settle() async -> Bool { await flow.settle() }
}
