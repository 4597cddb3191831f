internal import Synchronization

/// The declaration of a pipeline: named nodes and the edges between them. Nothing runs until `Pipeline.run()`.
public final class Graph: Sendable {
  struct Node: Sendable {
    let name: String
    let kind: String
    let executor: ThreadExecutor?
    let body: @Sendable () async throws -> Void
  }
  struct Connection: Sendable {
    let from: String
    let to: String
    let delivery: String
    let counters: @Sendable () -> EdgeCounters
  }
  struct Declared {
    var nodes: [Node] = []
    var connections: [Connection] = []
    var states: [String: GraphSnapshot.NodeState] = [:]
    var last: String?
    var wasStoppedFromOutside = false
  }

  /// Ends the sources; see `StopSignal`.
  public let stop = StopSignal()
  /// Nobody may wait any longer for something that may never come, such as space on a disk: the run was stopped from outside,
  /// or failed. An end of its own does not request it.
  public let halt = StopSignal()
  let declared = Mutex(Declared())

  public init() {}

  /// A node that only gives.
  /// - Parameters:
  ///   - executor: A thread of its own for a source that computes long between elements.
  ///   - next: The next element, nil at the end. Called until it says nil or a stop is requested.
  public func source<Element: Sendable>(
    _ name: String, kind: String = "", on executor: ThreadExecutor? = nil,
    next: @escaping @Sendable () async throws -> Element?
  ) -> Flow<Element> {
    let flow = Flow<Element>(name: name)
    add(name, kind, executor) { [stop] in
      defer { flow.finish() }
      // A source whose readers have all gone ends too: nobody would ever stop it.
      while !stop.isRequested, !flow.isAbandoned, let element = try await next() { try await flow.send(element) }
      try Task.checkCancellation()
    }
    return flow
  }

  /// A node that only gives, from a sequence that ends by itself when a stop is requested, after whatever it still has.
  public func source<Elements: AsyncSequence & Sendable>(
    _ name: String, kind: String = "", _ elements: Elements
  ) -> Flow<Elements.Element> where Elements.Element: Sendable {
    let flow = Flow<Elements.Element>(name: name)
    add(name, kind, nil) {
      defer { flow.finish() }
      for try await element in elements {
        try await flow.send(element)
        if flow.isAbandoned { break }
      }
      try Task.checkCancellation()
    }
    return flow
  }

  /// A node that reads and gives: for each element of `inlet`, any number of others, by `emit`.
  ///
  /// - Parameter body: Runs once, reads `inlet` to its end; `emit` waits when a reader's buffer is full.
  public func stage<Input: Sendable, Output: Sendable>(
    _ name: String, kind: String = "", reading inlet: Inlet<Input>, on executor: ThreadExecutor? = nil,
    _ body:
      @escaping @Sendable (_ elements: Inlet<Input>, _ emit: Outlet<Output>) async throws -> Void
  ) -> Flow<Output> {
    let flow = Flow<Output>(name: name)
    connect(inlet, to: name)
    add(name, kind, executor) {
      defer {
        inlet.edge.close()
        flow.finish()
      }
      try await body(inlet, Outlet(flow: flow))
    }
    return flow
  }

  /// A node that only reads.
  public func sink<S: Sink>(
    _ name: String, kind: String = "", reading inlet: Inlet<S.Input>, on executor: ThreadExecutor? = nil, into sink: S
  ) {
    connect(inlet, to: name)
    add(name, kind, executor) {
      defer { inlet.edge.close() }
      try await sink.consume(inlet)
    }
  }

  /// Makes the end of one node the end of the run: the sources stop, everything behind them drains.
  public func end(with name: String) { declared.withLock { $0.last = name } }

  /// Where everything stands now.
  public func snapshot() -> GraphSnapshot {
    declared.withLock { declared in
      GraphSnapshot(
        nodes: declared.nodes.map { .init(name: $0.name, kind: $0.kind, state: declared.states[$0.name] ?? .waiting) },
        edges: declared.connections.map {
          .init(from: $0.from, to: $0.to, delivery: $0.delivery, counters: $0.counters())
        })
    }
  }

  func setState(_ state: GraphSnapshot.NodeState, of name: String) {
    let isLast = declared.withLock { declared in
      declared.states[name] = state
      return declared.last == name && state == .finished
    }
    if isLast { stop.request() }
  }

  private func add(
    _ name: String, _ kind: String, _ executor: ThreadExecutor?, _ body: @escaping @Sendable () async throws -> Void
  ) {
    declared.withLock { declared in
      precondition(!declared.nodes.contains { $0.name == name }, "two nodes of a graph are named \(name)")
      declared.nodes.append(Node(name: name, kind: kind, executor: executor, body: body))
    }
  }

  private func connect<Element>(_ inlet: Inlet<Element>, to name: String) {
    let edge = inlet.edge
    declared.withLock {
      $0.connections.append(Connection(from: inlet.origin, to: name, delivery: inlet.delivery) { edge.counters() })
    }
  }
}
