import Foundation
import TestSupport
import Testing

@testable import Transports

/// What every transport must do, on each that this machine has.
@Suite("Transports")
struct TransportConformanceTests {
  let payload = Array("what is to be done".utf8)
  func id(_ text: String) -> MessageID { MessageID(text)! }

  @Test("Work is claimed by one worker, in the order of its ids, until it is finished", arguments: Carrier.here)
  func claims(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      try transport.offer(id("run/2"), payload, on: .judge)
      try transport.offer(id("run/1"), payload, on: .judge)
      try transport.offer(id("run/1"), payload, on: .judge)
      let first = try #require(try transport.claim(on: .judge, by: "a") { _, _ in true })
      #expect(first.id == id("run/1") && first.payload == payload)
      let second = try #require(try transport.claim(on: .judge, by: "b") { _, _ in true })
      #expect(second.id == id("run/2"))
      #expect(try transport.claim(on: .judge, by: "c") { _, _ in true } == nil)
      #expect(try transport.claim(on: .sweep, by: "c") { _, _ in true } == nil, "queues are apart")
      #expect(try transport.offered(on: .judge).count == 2, "held work is offered work")
      try transport.offer(id("run/1"), payload, on: .judge)
      #expect(try transport.claim(on: .judge, by: "c") { _, _ in true } == nil, "held work is not offered again")
      try transport.finish(first)
      #expect(try transport.offered(on: .judge) == [id("run/2")])
      try transport.release(second)
      let again = try #require(try transport.claim(on: .judge, by: "c") { _, _ in true })
      #expect(again.id == id("run/2"))
    }
  }

  @Test("A worker may leave work to others before it claims it", arguments: Carrier.here)
  func choosing(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      try transport.offer(id("run/1"), payload, on: .simulate)
      #expect(try transport.claim(on: .simulate, by: "a") { name, _ in name != id("run/1") } == nil)
      #expect(try transport.claim(on: .simulate, by: "b") { _, bytes in bytes == payload } != nil)
    }
  }

  @Test("A claim that is not renewed is another's, and its first holder finds out", arguments: Carrier.here)
  func leases(carrier: Carrier) async throws {
    try await carrier.with { transport, expire in
      try transport.offer(id("run/1"), payload, on: .judge)
      var first = try #require(try transport.claim(on: .judge, by: "a") { _, _ in true })
      #expect(try transport.renew(&first))
      #expect(try transport.renew(&first))
      expire(first)
      var second = try #require(try transport.claim(on: .judge, by: "b") { _, _ in true })
      #expect(try !transport.renew(&first), "it was stopped for longer than its lease")
      #expect(try transport.renew(&second))
      // Whatever the late one still does changes nothing.
      try transport.release(first)
      try transport.finish(first)
      #expect(try transport.renew(&second))
      #expect(try transport.offered(on: .judge) == [id("run/1")])
      try transport.finish(second)
      #expect(try transport.offered(on: .judge).isEmpty)
    }
  }

  @Test("Of many that claim at once each gets other work", arguments: Carrier.here)
  func race(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      for number in 0..<12 { try transport.offer(id("run/\(number)"), payload, on: .judge) }
      let claimed = try await withThrowingTaskGroup(of: [MessageID].self) { group in
        for worker in 0..<4 {
          group.addTask {
            var mine: [MessageID] = []
            while let claim = try transport.claim(on: .judge, by: "\(worker)", choosing: { _, _ in true }) {
              mine.append(claim.id)
            }
            return mine
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(claimed.count == 12 && Set(claimed).count == 12)
    }
  }

  @Test("Withdrawn work is gone, also for who holds it", arguments: Carrier.here)
  func withdrawal(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      try transport.offer(id("run/1"), payload, on: .judge)
      var claim = try #require(try transport.claim(on: .judge, by: "a") { _, _ in true })
      try transport.withdraw(id("run/1"), from: .judge)
      #expect(try !transport.renew(&claim))
      #expect(try transport.offered(on: .judge).isEmpty)
    }
  }

  @Test("A message that comes twice is there once, and is gone when it is discarded", arguments: Carrier.here)
  func mail(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      #expect(try transport.read(id("run/1"), from: .judge) == nil)
      #expect(try transport.post(id("run/1"), payload, to: .judge))
      #expect(try transport.post(id("run/1"), payload, to: .judge))
      #expect(try transport.post(id("run/empty"), [], to: .judge))
      #expect(try transport.posted(to: .judge) == [id("run/1"), id("run/empty")])
      #expect(try transport.read(id("run/1"), from: .judge) == payload)
      #expect(try transport.read(id("run/empty"), from: .judge) == [])
      try transport.discard(id("run/1"), from: .judge)
      try transport.discard(id("run/1"), from: .judge)
      #expect(try transport.posted(to: .judge) == [id("run/empty")])
    }
  }

  @Test(
    "A message of any size goes in parts and comes back whole; one that is too large is refused",
    arguments: Carrier.here)
  func parcels(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      let large = (0..<1_200_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
      #expect(try transport.send(id("run/large"), large, to: .judge))
      #expect(try transport.send(id("run/large"), large, to: .judge))
      #expect(try transport.receive(id("run/large"), from: .judge) == large)
      #expect(try transport.posted(to: .judge).filter { !Parcel.isPart($0) } == [id("run/large")])
      try transport.dispose(of: id("run/large"), from: .judge)
      #expect(try transport.posted(to: .judge).isEmpty)
      let beyond = [UInt8](repeating: 0, count: SealedMessage.largest + 1)
      #expect(throws: TransportError.self) { try transport.offer(id("run/1"), beyond, on: .judge) }
      #expect(throws: TransportError.self) { try transport.post(id("run/1"), beyond, to: .judge) }
    }
  }

  @Test("Where there is no room for mail the sender is told to wait", arguments: Carrier.here)
  func backpressure(carrier: Carrier) async throws {
    try await carrier.with(mostMail: 400_000) { transport, _ in
      let block = [UInt8](repeating: 7, count: 150_000)
      #expect(try transport.post(id("run/1"), block, to: .simulate))
      #expect(try transport.post(id("run/2"), block, to: .simulate))
      #expect(try !transport.post(id("run/3"), block, to: .simulate))
      try transport.discard(id("run/1"), from: .simulate)
      #expect(try transport.post(id("run/3"), block, to: .simulate))
    }
  }

  @Test("Notes are last values with their age", arguments: Carrier.here)
  func notes(carrier: Carrier) async throws {
    try await carrier.with { transport, _ in
      #expect(try transport.notes(on: .judge).isEmpty)
      try transport.note(id("worker"), Array("idle".utf8), on: .judge)
      try transport.note(id("worker"), Array("busy".utf8), on: .judge)
      let notes = try transport.notes(on: .judge)
      #expect(notes.map { String(decoding: $0.message, as: UTF8.self) } == ["busy"])
      #expect(notes[0].age >= .zero && notes[0].age < .seconds(300))
      try transport.erase(id("worker"), on: .judge)
      #expect(try transport.notes(on: .judge).isEmpty)
    }
  }

  @Test("What is lost altogether is empty, and can be offered again", arguments: Carrier.here)
  func loss(carrier: Carrier) async throws {
    try await carrier.withLoss { transport, lose in
      try transport.offer(id("run/1"), payload, on: .judge)
      var claim = try #require(try transport.claim(on: .judge, by: "a") { _, _ in true })
      try await lose()
      #expect(try transport.offered(on: .judge).isEmpty)
      #expect(try !transport.renew(&claim))
      #expect(try transport.posted(to: .judge).isEmpty)
      try transport.offer(id("run/1"), payload, on: .judge)
      #expect(try transport.claim(on: .judge, by: "b") { _, _ in true } != nil)
    }
  }
}
