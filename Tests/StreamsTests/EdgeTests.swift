import Synchronization
import TestSupport
import Testing

@testable import Streams

@Suite("An edge between two nodes")
struct EdgeTests {
  @Test("No more wait than the buffer holds, and all is counted")
  func room() async throws {
    let edge = Edge<Int>(.lossless(buffer: 4))
    for number in 0..<4 { #expect(edge.post(number) == .accepted) }
    #expect(edge.post(4) == .full)
    #expect(edge.take() == 0)
    #expect(edge.post(4) == .accepted && edge.post(5) == .full)
    var counters = edge.counters()
    #expect(counters.depth == 4 && counters.sent == 5 && counters.received == 1 && counters.dropped == 0)
    for expected in 1...4 { #expect(await edge.next() == expected) }
    counters = edge.counters()
    #expect(counters.depth == 0 && counters.received == 5)
    edge.finish()
    #expect(await edge.next() == nil)
  }

  @Test("Closing drops and counts what waits")
  func close() async throws {
    let edge = Edge<Int>(.lossless(buffer: 8))
    for number in 0..<5 { edge.post(number) }
    #expect(await edge.next() == 0)
    for number in 5..<8 { edge.post(number) }
    edge.close()
    #expect(edge.isClosed && edge.post(9) == .closed)
    let counters = edge.counters()
    #expect(counters.sent == 8 && counters.received == 1 && counters.dropped == 8 && counters.depth == 0)
  }

  @Test("The newest element alone is there, however many were sent since the last one was taken")
  func latest() async throws {
    let edge = Edge<Int>(.latest)
    for number in 0..<5 { edge.post(number) }
    #expect(await edge.next() == 4)
    for number in 5..<9 { edge.post(number) }
    #expect(await edge.next() == 8)
    let counters = edge.counters()
    #expect(counters.received == 2 && counters.dropped == 7 && counters.depth == 0 && counters.capacity == 1)
  }

  /// Counts how many of its kind there are.
  private final class Counted: Sendable {
    static let alive = Mutex(0)
    let number: Int

    init(_ number: Int) {
      self.number = number
      Self.alive.withLock { $0 += 1 }
    }

    deinit { Self.alive.withLock { $0 -= 1 } }
  }

  @Test("An element lives until its receiver has done with it, whether it is taken, replaced, dropped or left behind")
  func lives() throws {
    func alive() -> Int { Counted.alive.withLock { $0 } }
    do {
      // More than the first places of a buffer, which begins somewhere in their middle.
      let edge = Edge<Counted>(.lossless(buffer: 100))
      for number in 0..<12 { edge.post(Counted(number)) }
      for number in 0..<7 { #expect(edge.take()?.number == number) }
      for number in 12..<107 { #expect(edge.post(Counted(number)) == .accepted) }
      #expect(edge.post(Counted(107)) == .full && alive() == 100)
      for number in 7..<57 { #expect(edge.take()?.number == number) }
      #expect(alive() == 50)
      edge.close()
      #expect(alive() == 0 && edge.post(Counted(108)) == .closed && alive() == 0)
      let left = Edge<Counted>(.lossless(buffer: 5))
      for number in 0..<5 { left.post(Counted(number)) }
      #expect(left.take()?.number == 0 && alive() == 4)
      let newest = Edge<Counted>(.latest)
      for number in 0..<5 { newest.post(Counted(number)) }
      #expect(alive() == 5)
      #expect(newest.take()?.number == 4 && newest.take() == nil && alive() == 4)
      withExtendedLifetime((left, newest)) {}
    }
    #expect(alive() == 0, "what was left behind went with its edge")
  }

  @Test("A buffer that nobody could hold costs nothing until it fills")
  func large() {
    let edge = Edge<[Double]>(.lossless(buffer: .max))
    for number in 0..<1000 { #expect(edge.post([Double(number)]) == .accepted) }
    for number in 0..<1000 { #expect(edge.take() == [Double(number)]) }
    #expect(edge.counters().capacity == .max)
  }

  @Test("A hundred thousand elements arrive in order, whatever the buffer", arguments: [1, 2, 3, 64, 4096])
  func order(buffer: Int) async throws {
    let edge = Edge<Int>(.lossless(buffer: buffer))
    let count = 100_000
    let sender = Task {
      for number in 0..<count { try await edge.send(number) }
      edge.finish()
    }
    var next = 0
    while let number = await edge.next() {
      guard number == next else {
        Issue.record("\(number) came where \(next) was due")
        break
      }
      next += 1
      if number % 10_000 == 0 {
        let counters = edge.counters()
        #expect(counters.depth <= buffer && counters.sent == counters.received + counters.depth)
      }
    }
    try await sender.value
    #expect(next == count && edge.counters().received == count)
  }

  @Test("Several senders and several receivers lose nothing and double nothing")
  func several() async throws {
    let edge = Edge<Int>(.lossless(buffer: 16))
    let seen = try await withThrowingTaskGroup(of: [Int].self) { group in
      for _ in 0..<3 {
        group.addTask {
          var numbers: [Int] = []
          while let number = await edge.next() { numbers.append(number) }
          return numbers
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { senders in
        for part in 0..<4 {
          senders.addTask { for number in 0..<10_000 { try await edge.send(part * 10_000 + number) } }
        }
        try await senders.waitForAll()
      }
      edge.finish()
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(seen.sorted() == Array(0..<40_000))
  }

  @Test("A sender that waits is let go when the receiver goes, and when its task is cancelled")
  func letGo() async throws {
    for isCancelled in [false, true] {
      let edge = Edge<Int>(.lossless(buffer: 2))
      edge.post(0)
      edge.post(1)
      let thread = ThreadExecutor(name: "sender")
      defer { thread.end() }
      let sender = Task(executorPreference: thread) { try await edge.send(2) }
      // One thread for both: by the time of the second task the first one waits.
      await Task(executorPreference: thread) {}.value
      #expect(edge.counters().secondsBlocked > 0)
      if isCancelled { sender.cancel() } else { edge.close() }
      let result = await sender.result
      switch result {
      case .success: #expect(!isCancelled)
      case .failure(let error): #expect(isCancelled && error is CancellationError)
      }
      #expect(edge.counters().sent == 2)
    }
  }

  @Test("Time starved counts the wait in progress, and stops with it")
  func starved() async throws {
    let edge = Edge<Int>(.lossless(buffer: 2))
    let thread = ThreadExecutor(name: "receiver")
    defer { thread.end() }
    let receiver = Task(executorPreference: thread) { await edge.next() }
    await Task(executorPreference: thread) {}.value
    let first = edge.counters().secondsStarved
    #expect(edge.counters().secondsStarved > first)
    edge.post(7)
    #expect(await receiver.value == 7)
    let after = edge.counters().secondsStarved
    #expect(after > 0 && edge.counters().secondsStarved == after)
  }
}
