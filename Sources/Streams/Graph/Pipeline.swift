public import ServiceLifecycle
internal import Synchronization

/// A graph that runs: a service that ends when its sinks have taken everything, or when a node fails.
public struct Pipeline: Service {
  public let name: String
  public let graph: Graph

  /// Whether somebody outside, and not the pipeline itself, ended the sources.
  public var wasStoppedFromOutside: Bool { graph.declared.withLock { $0.wasStoppedFromOutside } }

  public init(_ name: String, _ declare: (Graph) throws -> Void) rethrows {
    self.name = name
    graph = Graph()
    try declare(graph)
  }

  /// Ends the sources; what they have emitted still flows through to the sinks.
  public func stop() {
    if !graph.stop.isRequested { graph.declared.withLock { $0.wasStoppedFromOutside = true } }
    graph.halt.request()
    graph.stop.request()
  }

  /// Runs every node to its end.
  ///
  /// A graceful shutdown ends the sources; what they have emitted still flows through to the sinks. The first node that
  /// fails ends the others at once.
  /// - Throws: `NodeError` around what the failing node threw, or `CancellationError`.
  public func run() async throws {
    let nodes = graph.declared.withLock { $0.nodes }
    defer { for node in nodes { node.executor?.end() } }
    try await withTaskCancellationOrGracefulShutdownHandler {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for node in nodes {
          group.addTask(executorPreference: node.executor) {
            graph.setState(.running, of: node.name)
            do {
              try await node.body()
              graph.setState(.finished, of: node.name)
            } catch is CancellationError {
              graph.setState(.failed, of: node.name)
              throw CancellationError()
            } catch {
              graph.setState(.failed, of: node.name)
              throw NodeError(node: node.name, cause: error)
            }
          }
        }
        do {
          for try await _ in group {}
        } catch {
          group.cancelAll()
          graph.halt.request()
          graph.stop.request()
          throw error
        }
      }
    } onCancelOrGracefulShutdown: {
      stop()
    }
  }
}

/// The failure of one node of a pipeline.
public struct NodeError: Error, CustomStringConvertible {
  public let node: String
  public let cause: any Error
  public var description: String { "\(node): \(cause)" }
}
