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
}
