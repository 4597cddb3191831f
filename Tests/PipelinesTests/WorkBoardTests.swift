import Foundation
import Streams
import Synchronization
import TestSupport
import Testing

@testable import Pipelines
@testable import Transports

@Suite("Work that is given away")
struct WorkBoardTests {
  private final class Taken: Sendable {
    private let messages = Mutex<[[UInt8]]>([])
    var all: [[UInt8]] { messages.withLock { $0 } }
    func take(_ message: [UInt8]) throws {
      guard message != Array("nonsense".utf8) else { throw WorkError("nonsense") }
      messages.withLock { $0.append(message) }
    }
  }

  private func board(_ transport: any Transport, _ events: EventHub = EventHub()) -> WorkBoard {
    WorkBoard(transport, .judge, scope: MessageID("run")!, events: events, roster: WorkerRoster())
  }

  @Test("What the transport loses is offered again; what an earlier process left is taken away; what others have stays")
  func loss() async throws {
    try await withTemporaryDirectory { folder in
      let spool = try SpoolTransport(folder)
      let (mine, old, other) = (MessageID("run/1")!, MessageID("run/0")!, MessageID("another/1")!)
      try spool.offer(old, [1], on: .judge)
      _ = try spool.send(old, [1], to: .judge)
      try spool.offer(other, [1], on: .judge)
      let (board, taken) = (board(spool), Taken())
      board.offer(mine, [7], taken.take)
      board.look()
      #expect(try spool.offered(on: .judge) == [mine, other])
      #expect(try spool.posted(to: .judge).isEmpty)
      try FileManager.default.removeItem(at: folder)
      board.look()
      #expect(try spool.offered(on: .judge) == [mine])
      let claim = try #require(try spool.claim(on: .judge, by: "w") { _, _ in true })
      board.look()
      #expect(try spool.claim(on: .judge, by: "v") { _, _ in true } == nil, "what is held is not offered again")
      _ = try spool.send(mine, [9], to: .judge)
      try spool.finish(claim)
      board.look()
      #expect(taken.all == [[9]])
      // Late, and twice.
      _ = try spool.send(mine, [9], to: .judge)
      board.look()
      #expect(taken.all == [[9]] && board.dropped == 1)
      #expect(try spool.offered(on: .judge).isEmpty && spool.posted(to: .judge).isEmpty)
    }
  }

  @Test("An answer that is none, or is damaged, is asked for again")
  func nonsense() async throws {
    try await withTemporaryDirectory { folder in
      let spool = try SpoolTransport(folder)
      let events = EventHub()
      let (board, taken, mine) = (board(spool, events), Taken(), MessageID("run/1")!)
      board.offer(mine, [7], taken.take)
      board.look()
      for damaged in [false, true] {
        let claim = try #require(try spool.claim(on: .judge, by: "w") { _, _ in true })
        _ = try spool.send(mine, Array("nonsense".utf8), to: .judge)
        if damaged { try Data("x".utf8).write(to: folder.appending(path: "judge/mail/run+1")) }
        try spool.finish(claim)
        board.look()
        board.look()
        #expect(taken.all.isEmpty)
        #expect(try spool.offered(on: .judge) == [mine] && spool.posted(to: .judge).isEmpty)
      }
      let words = events.history.compactMap { if case .message(let text) = $0 { text } else { nil } }
      #expect(words.contains { $0.contains("nonsense; it is asked for again") })
    }
  }

  @Test("A worker that was away for longer than its lease takes its work again if nobody has it, else drops it")
  func away() async throws {
    try await withTemporaryDirectory { folder in
      let spool = try SpoolTransport(folder)
      let presence = WorkerPresence(name: "w", state: .idle, done: 0, seconds: 0, arithmetic: "")
      let held = HeldWork(spool, .judge, presence)
      try spool.offer(MessageID("run/1")!, [7], on: .judge)
      let claim = try #require(try spool.claim(on: .judge, by: "w") { _, _ in true })
      held.take(claim)
      #expect(held.isStillHeld() == true)
      // Everything was lost, and offered again.
      try FileManager.default.removeItem(at: folder)
      #expect(held.isStillHeld() == false)
      try spool.offer(MessageID("run/1")!, [7], on: .judge)
      #expect(held.isStillHeld() == true)
      #expect(try spool.claim(on: .judge, by: "v") { _, _ in true } == nil)
      try spool.withdraw(MessageID("run/1")!, from: .judge)
      try spool.offer(MessageID("run/1")!, [7], on: .judge)
      let second = try spool.claim(on: .judge, by: "v") { _, _ in true }
      #expect(second != nil && held.isStillHeld() == false)
      held.giveBack()
      #expect(try spool.offered(on: .judge) == [MessageID("run/1")!])
    }
  }

  @Test("Workers are busy, idle or lost; what they say of themselves is told once each time it changes, and measured")
  func roster() {
    let (roster, events) = (WorkerRoster(), EventHub())
    var worker = SeenWorker(
      role: "judge",
      presence: WorkerPresence(name: "n1-7", state: .busy, holds: "r/1", done: 2, seconds: 6, arithmetic: "a"),
      isLost: false)
    roster.update([worker], events)
    roster.update([worker], events)
    worker.isLost = true
    roster.update([worker], events)
    let rows = events.history.compactMap { if case .row(let row) = $0 { row } else { nil } }
    #expect(worker.words == "lost with r/1")
    #expect(rows.last?.key == "n1-7" && rows.last?.values.contains(.init("seconds each", 3)) == true)
    #expect(roster.metrics.contains("holstream_workers{role=\"judge\",state=\"lost\"} 1"))
    #expect(roster.metrics.contains("holstream_worker_pieces_total{role=\"judge\",worker=\"n1-7\"} 2"))
    #expect(WorkerPresence.read(Array("{".utf8)) == nil)
    #expect(WorkerPresence.read(worker.presence.message) == worker.presence)
  }
}
