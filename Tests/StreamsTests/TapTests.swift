import Synchronization
import Testing

@testable import Streams

@Suite("Taps")
struct TapTests {
  @Test(
    "A tap gets what passes, ends with its flow, and is no reader for whose sake a source goes on",
    .timeLimit(.minutes(5)))
  func tap() async throws {
    var tapped: Flow<Int>?
    let few = Collector<Int>(limit: 3)
    let pipeline = Pipeline("taps") { graph in
      // Without end: it is over when its only reader has gone, although somebody taps it.
      let flow: Flow<Int> = graph.source("ones") { 1 }
      graph.sink("few", reading: flow.lossless(buffer: 1), into: few)
      tapped = flow
    }
    let flow = try #require(tapped)
    let tap = flow.tap()
    let seen = Task {
      var seen = 0
      while let element = await tap.next() { seen += element }
      return seen
    }
    try await pipeline.run()
    #expect(few.elements.withLock { $0 } == [1, 1, 1])
    #expect(await seen.value >= 1)
    #expect(tap.passed >= 3)
    #expect(await flow.tap().next() == nil, "one that comes after the end ends at once")
  }

  @Test("A tap that is closed gets nothing more, and holds nobody up")
  func closed() async throws {
    let flow = Flow<Int>(name: "numbers")
    let tap = flow.tap()
    try await flow.send(1)
    try await flow.send(2)
    #expect(await tap.next() == 2, "the newest is what it gets")
    #expect(tap.passed == 2)
    tap.close()
    try await flow.send(3)
    #expect(tap.passed == 2)
    #expect(!flow.isAbandoned, "a flow without readers is abandoned by nobody")
  }
}
