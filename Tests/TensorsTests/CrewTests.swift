import Synchronization
import Tensors
import Testing

struct CrewTests {
  @Test("Every part of every stage is done once, whoever does it", arguments: [1, 2, 5])
  func parts(count: Int) {
    let crew = Crew(count: count)
    #expect(crew.count == count)
    let calls = Mutex([Int](repeating: 0, count: 7 + 3))
    for piece in 1...200 {
      crew.run { turns in
        turns.share(7) { part in calls.withLock { $0[part] += 1 } }
        turns.share(0) { _ in calls.withLock { $0[0] += 1000 } }
        turns.share(3) { part in calls.withLock { $0[7 + part] += 1 } }
      }
      #expect(calls.withLock { $0 } == [Int](repeating: piece, count: 10))
    }
  }

  @Test("What the parts of a stage wrote, all parts of the next one see", arguments: [2, 4])
  func stages(count: Int) {
    let crew = Crew(count: count)
    let (rounds, parts) = (500, 6)
    // Each cell is written by one part of a stage and read by another part of the next.
    nonisolated(unsafe) let cells = UnsafeMutableBufferPointer<Int>.allocate(capacity: parts)
    cells.initialize(repeating: 0)
    defer { cells.deallocate() }
    let wrong = Atomic(0)
    crew.run { turns in
      for round in 1...rounds {
        turns.share(parts) { cells[$0] = round }
        turns.share(parts) { part in
          if cells[(part + 1) % parts] != round { wrong.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test("Memory of a worker's own is nobody else's")
  func workers() {
    let crew = Crew(count: 3)
    let inUse = Mutex(Set<Int>())
    let clashes = Atomic(0)
    crew.run { turns in
      let worker = turns.worker
      turns.share(400) { _ in
        if !inUse.withLock({ $0.insert(worker).inserted }) { clashes.add(1, ordering: .relaxed) }
        inUse.withLock { _ = $0.remove(worker) }
      }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  @Test("A crew that has slept works on, and crews come and go")
  func sleep() {
    let sum = Atomic(0)
    func work(_ crew: Crew) { crew.run { $0.share(3) { sum.add($0, ordering: .relaxed) } } }
    for _ in 0..<50 { work(Crew(count: 3)) }
    #expect(sum.load(ordering: .relaxed) == 150)
    let (early, late) = (Crew(count: 2), Crew(count: 2))
    // While one crew works on, the other's thread goes to sleep.
    for _ in 0..<2000 { work(early) }
    work(late)
    work(early)
    #expect(sum.load(ordering: .relaxed) == 150 + 3 * 2002)
  }
}
