import Foundation
import Streams
import Synchronization
import TestSupport
import Testing

@testable import Pipelines
@testable import Zarr

@Suite("A full disk")
struct FullDiskTests {
  private static let full = StoreError(.noSpace, "/nowhere/s.zarr", "cannot be written: No space left on device")

  @Test("It is said once, waited for a second at a time, and said to be over")
  func waiting() async throws {
    let clock = ManualClock()
    let told = Mutex<[String]>([])
    let patience = DiskPatience(halt: StopSignal(), clock: clock) { text in told.withLock { $0.append(text) } }
    let attempts = Mutex(0)
    async let result = patience("s.zarr") {
      let attempt = attempts.withLock { attempts in
        attempts += 1
        return attempts
      }
      if attempt < 4 { throw Self.full }
      return attempt
    }
    for sleep in 1...3 {
      await clock.sleeps(reach: sleep)
      clock.advance(by: .seconds(1))
    }
    #expect(try await result == 4)
    let lines = told.withLock { $0 }
    #expect(lines.count == 2 && lines[0].contains("waits") && lines[1].contains("space again"))
    #expect(patience.lost.isEmpty)
  }

  @Test("Only want of space is waited for")
  func others() async throws {
    let patience = DiskPatience(halt: StopSignal()) { _ in }
    await #expect(throws: StoreError.self) {
      try await patience("x") { throw StoreError(.corrupt, "x", "is not for waiting") }
    }
    #expect(throws: StoreError.self) {
      try patience.blocking("x") { throw StoreError(.unwritable, "x", "cannot be written: Input/output error") }
    }
  }

  @Test("Whoever waits hears at once that the run is to stop, tries once more, and what is lost is remembered")
  func stopping() async throws {
    let clock = ManualClock()
    let halt = StopSignal()
    let patience = DiskPatience(halt: halt, clock: clock) { _ in }
    let attempts = Mutex(0)
    async let result: Int? = patience("s.zarr") {
      attempts.withLock { $0 += 1 }
      throw Self.full
    }
    await clock.sleeps(reach: 1)
    halt.request()
    #expect(try await result == nil)
    #expect(attempts.withLock { $0 } == 2 && patience.lost == ["s.zarr"])
    // Who comes later does not begin to wait.
    let late: Int? = try patience.blocking("l.jsonl") { throw Self.full }
    #expect(late == nil && patience.lost == ["s.zarr", "l.jsonl"])
  }
}
