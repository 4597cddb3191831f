import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Streams

final class Collector<Element: Sendable>: Sink {
  typealias Input = Element
  let elements = Mutex<[Element]>([])
  let limit: Int
  init(limit: Int = .max) { self.limit = limit }
  func consume(_ stream: Inlet<Element>) async throws {
    var taken = 0
    for try await element in stream {
      elements.withLock { $0.append(element) }
      taken += 1
      if taken >= limit { return }
    }
  }
}

struct Failing: Sink {
  struct Broken: Error {}
  func consume(_ stream: Inlet<Int>) async throws {
    for try await element in stream where element == 3 { throw Broken() }
  }
}

private func counting(to end: Int) -> @Sendable () async throws -> Int? {
  let next = Mutex(0)
  return {
    next.withLock { value in
      defer { value += 1 }
      return value < end ? value : nil
    }
  }
}

@Suite("A pipeline")
struct PipelineTests {
  @Test("No element is lost on a lossless edge, in 300 pipelines of three branches")
  func lossless() async throws {
    for _ in 0..<300 {
      let sinks = [Collector<Int>(), Collector<Int>(), Collector<Int>()]
      let pipeline = Pipeline("p") { graph in
        let numbers = graph.source("numbers", next: counting(to: 50))
        for (index, sink) in sinks.enumerated() {
          graph.sink("sink \(index)", reading: numbers.lossless(buffer: index + 1), into: sink)
        }
      }
      try await pipeline.run()
      for sink in sinks { #expect(sink.elements.withLock { $0 } == Array(0..<50)) }
    }
  }

  @Test("A sink that throws ends the run and is named")
  func throwing() async throws {
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: .max))
      graph.sink("healthy", reading: numbers.lossless(buffer: 1), into: Collector<Int>())
      graph.sink("broken", reading: numbers.lossless(buffer: 1), into: Failing())
    }
    let error = await #expect(throws: NodeError.self) { try await pipeline.run() }
    #expect(error?.node == "broken")
    #expect(pipeline.graph.snapshot().nodes.first { $0.name == "broken" }?.state == .failed)
  }

  @Test("A sink that returns early does not stall the others, and what it missed is counted")
  func earlyReturn() async throws {
    let impatient = Collector<Int>(limit: 2)
    let patient = Collector<Int>()
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: 100))
      graph.sink("impatient", reading: numbers.lossless(buffer: 1), into: impatient)
      graph.sink("patient", reading: numbers.lossless(buffer: 1), into: patient)
    }
    try await pipeline.run()
    #expect(patient.elements.withLock { $0 } == Array(0..<100))
    let edge = pipeline.graph.snapshot().edges.first { $0.to == "impatient" }!
    #expect(edge.counters.received == 2)
    #expect(edge.counters.dropped == 98)
  }

  @Test("A stage passes on what it emits, on a thread of its own")
  func stage() async throws {
    let sink = Collector<String>()
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: 5))
      let words = graph.stage("words", reading: numbers.lossless(buffer: 2), on: ThreadExecutor(name: "words")) {
        elements, emit in
        for try await element in elements where element % 2 == 0 { try await emit("\(element)") }
      }
      graph.sink("sink", reading: words.lossless(buffer: 1), into: sink)
    }
    try await pipeline.run()
    #expect(sink.elements.withLock { $0 } == ["0", "2", "4"])
  }

  @Test("A stage can wait until its readers have done with everything, and hears when one of them has not")
  func settled() async throws {
    let sink = Collector<Int>()
    let counts = Mutex<[Int]>([])
    let answers = Mutex<[Bool]>([])
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: 6))
      let copies = graph.stage("copies", reading: numbers.lossless(buffer: 1)) { elements, emit in
        for try await element in elements {
          try await emit(element)
          guard element % 2 == 1 else { continue }
          let answer = await emit.settle()
          answers.withLock { $0.append(answer) }
          counts.withLock { $0.append(sink.elements.withLock { $0.count }) }
        }
      }
      graph.sink("all", reading: copies.lossless(buffer: 8), into: sink)
      graph.sink("newest", reading: copies.latest(), into: Collector<Int>())
    }
    try await pipeline.run()
    #expect(counts.withLock { $0 } == [2, 4, 6])
    #expect(answers.withLock { $0 } == [true, true, true])
  }

  @Test("An edge whose reader went away over an element was never done with it")
  func unsettled() async throws {
    let edge = Edge<Int>(.lossless(buffer: 4))
    #expect(edge.isSettled == true, "nothing was sent")
    edge.post(1)
    #expect(edge.isSettled == nil)
    #expect(edge.take() == 1 && edge.isSettled == nil, "it is being worked on")
    #expect(edge.take() == nil && edge.isSettled == true)
    edge.post(2)
    #expect(edge.take() == 2)
    edge.close()
    #expect(edge.isSettled == false)
    let unread = Edge<Int>(.lossless(buffer: 4))
    unread.post(1)
    unread.close()
    #expect(unread.isSettled == false, "it never came to it")
  }

  @Test("A stop ends the source, and everything already emitted reaches the sinks")
  func stop() async throws {
    let sink = Collector<Int>()
    let sent = Mutex(0)
    let pipeline = Pipeline("p") { graph in
      let stop = graph.stop
      let numbers = graph.source("numbers") { () -> Int? in
        sent.withLock { value in
          value += 1
          if value == 40 { stop.request() }
          return value
        }
      }
      graph.sink("sink", reading: numbers.lossless(buffer: 64), into: sink)
    }
    try await pipeline.run()
    #expect(sink.elements.withLock { $0 } == Array(1...40))
  }

  @Test("The newest element only reaches a slow reader by `latest`, and the last one always does")
  func latest() async throws {
    let sink = Collector<Int>()
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: 10_000))
      graph.sink("sink", reading: numbers.latest(), into: sink)
    }
    try await pipeline.run()
    let taken = sink.elements.withLock { $0 }
    #expect(taken.last == 9999)
    #expect(taken == taken.sorted())
    let edge = pipeline.graph.snapshot().edges[0].counters
    #expect(edge.dropped + edge.received == 10_000)
  }

  @Test("Time blocked counts the wait in progress, and the graph names who sets the pace")
  func bottleneck() async throws {
    let snapshot = GraphSnapshot(
      nodes: [],
      edges: [
        .init(
          from: "lattice", to: "train", delivery: "lossless",
          counters: .init(
            depth: 64, capacity: 64, sent: 100, received: 36, dropped: 0, secondsBlocked: 12, secondsStarved: 0)),
        .init(
          from: "lattice", to: "store", delivery: "lossless",
          counters: .init(
            depth: 0, capacity: 64, sent: 100, received: 100, dropped: 0, secondsBlocked: 0, secondsStarved: 9)),
      ])
    #expect(
      snapshot.bottleneck
        == "train sets the pace: lattice has waited 12 s for it, 64 of 64 places of its buffer are taken.")
    #expect(snapshot.prometheus.contains("holstream_edge_blocked_seconds_total{from=\"lattice\",to=\"train\"} 12.0"))
  }

  @Test(
    "A pipeline whose readers have all returned ends, though its source would go on for ever", .timeLimit(.minutes(15)))
  func abandoned() async throws {
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: .max))
      graph.sink("one", reading: numbers.lossless(buffer: 1), into: Collector<Int>(limit: 2))
      graph.sink("two", reading: numbers.latest(), into: Collector<Int>(limit: 3))
    }
    try await pipeline.run()
    #expect(pipeline.graph.snapshot().nodes.allSatisfy { $0.state == .finished })
  }

  @Test(
    "A cancelled run throws and leaves no node finished, so that no store is marked complete", .timeLimit(.minutes(15)))
  func cancelled() async throws {
    let sink = Collector<Int>()
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let next = counting(to: .max)
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers") { () -> Int? in
        continuation.yield()
        return try await next()
      }
      graph.sink("sink", reading: numbers.lossless(buffer: 4), into: sink)
    }
    let task = Task { try await pipeline.run() }
    for await _ in started { break }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(pipeline.graph.snapshot().nodes.allSatisfy { $0.state != .finished })
  }

  @Test("A graceful shutdown ends the source and drains every stage behind it", .timeLimit(.minutes(15)))
  func graceful() async throws {
    let sink = Collector<Int>()
    let next = counting(to: .max)
    let (started, continuation) = AsyncStream.makeStream(of: Int.self)
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers") { () -> Int? in
        let number = try await next()
        continuation.yield(number ?? 0)
        return number
      }
      let doubled = graph.stage("double", reading: numbers.lossless(buffer: 8)) {
        (elements: Inlet<Int>, emit: Outlet<Int>) in
        for try await element in elements { try await emit(2 * element) }
      }
      graph.sink("sink", reading: doubled.lossless(buffer: 8), into: sink)
    }
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: pipeline, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: Logger(label: "test")))
    async let run: Void = group.run()
    for await number in started where number >= 100 { break }
    await group.triggerGracefulShutdown()
    try await run
    let taken = sink.elements.withLock { $0 }
    #expect(taken.count >= 100)
    #expect(taken == taken.indices.map { 2 * $0 })
    let edges = pipeline.graph.snapshot().edges
    #expect(edges.allSatisfy { $0.counters.depth == 0 && $0.counters.sent == $0.counters.received })
  }

  @Test("Several tasks of one stage may emit at once", .timeLimit(.minutes(15)))
  func concurrentEmission() async throws {
    let sink = Collector<Int>()
    let pipeline = Pipeline("p") { graph in
      let numbers = graph.source("numbers", next: counting(to: 200))
      let copies = graph.stage("copies", reading: numbers.lossless(buffer: 4)) {
        (elements: Inlet<Int>, emit: Outlet<Int>) in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<4 { group.addTask { for try await element in elements { try await emit(element) } } }
          for try await _ in group {}
        }
      }
      graph.sink("sink", reading: copies.lossless(buffer: 1), into: sink)
    }
    try await pipeline.run()
    #expect(sink.elements.withLock { $0.sorted() } == Array(0..<200))
  }

  @Test("A wait in progress is counted while it lasts", .timeLimit(.minutes(15)))
  func blockInProgress() async throws {
    let edge = Edge<Int>(.lossless(buffer: 1))
    try await edge.send(1)
    // One thread for both: by the time of the second task the first one waits.
    let thread = ThreadExecutor(name: "sender")
    defer { thread.end() }
    let sender = Task(executorPreference: thread) { try await edge.send(2) }
    await Task(executorPreference: thread) {}.value
    let first = edge.counters().secondsBlocked
    #expect(edge.counters().secondsBlocked > first)
    #expect(await edge.next() == 1)
    try await sender.value
    let after = edge.counters()
    #expect(after.secondsBlocked == edge.counters().secondsBlocked)
    #expect(after.depth == 1 && after.sent == 2)
  }
}
