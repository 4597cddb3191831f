/// The receiving end of an edge: the elements of a flow, in order, for one node.
public struct Inlet<Element: Sendable>: AsyncSequence, Sendable {
  public typealias Failure = any Error

  let edge: Edge<Element>
  let origin: String
  let delivery: String

  public struct AsyncIterator: AsyncIteratorProtocol {
    let edge: Edge<Element>

    /// - Throws: `CancellationError`: a node that is torn down must not take the end of its input for the end of the data.
    public mutating func next() async throws -> Element? {
      try Task.checkCancellation()
      // Without suspending, as long as there are elements.
      if let element = edge.take() { return element }
      if let element = await edge.next() { return element }
      try Task.checkCancellation()
      return nil
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(edge: edge) }
}
