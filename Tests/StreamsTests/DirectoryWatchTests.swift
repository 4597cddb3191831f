import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Streams

@Suite("A directory watch", .serialized)
struct DirectoryWatchTests {
  private func watch(_ folder: URL, timer: Duration = .seconds(20), stop: StopSignal? = nil) -> DirectoryWatch {
    DirectoryWatch(folder, quiet: .milliseconds(20), deadline: .milliseconds(500), timer: timer, stop: stop)
  }

  /// A watch that hears what the test says alone. An overflow of the kernel's queue, which a burst of files in any other
  /// test brings about, is told to every watch of the process: it would begin another sleep by a clock that stands still.
  private func deaf(_ folder: URL, deadline: Duration, _ clock: ManualClock) -> DirectoryWatch {
    var watch = DirectoryWatch(
      folder.appending(path: "absent"), quiet: .milliseconds(50), deadline: deadline, timer: .seconds(60), clock: clock)
    watch.method = .polling
    return watch
  }

  @Test("Starts with what is there, then sees a file that is renamed into place", .timeLimit(.minutes(15)))
  func rename() async throws {
    try await withTemporaryDirectory { folder in
      try Data("old".utf8).write(to: folder.appending(path: "a"))
      let scans = watch(folder).makeAsyncIterator()
      #expect(await scans.next()?.files.map(\.name) == ["a"])
      try Data("new".utf8).write(to: folder.appending(path: ".b.tmp"))
      try FileManager.default.moveItem(at: folder.appending(path: ".b.tmp"), to: folder.appending(path: "b"))
      var names: [String] = []
      while !names.contains("b"), let scan = await scans.next() { names = scan.files.map(\.name) }
      #expect(names.contains("b"))
    }
  }

  @Test("Misses none of a burst of 10 000 files", .timeLimit(.minutes(15)))
  func burst() async throws {
    try await withTemporaryDirectory { folder in
      let scans = watch(folder).makeAsyncIterator()
      #expect(await scans.next()?.files.isEmpty == true)
      for number in 0..<10_000 {
        _ = FileManager.default.createFile(atPath: folder.appending(path: "f\(number)").path, contents: nil)
      }
      var count = 0
      while count < 10_000, let scan = await scans.next() { count = scan.files.count }
      #expect(count == 10_000)
    }
  }

  @Test("Sees files in a folder that is made after the watch began, removed, and made again", .timeLimit(.minutes(15)))
  func lateAndRecreated() async throws {
    try await withTemporaryDirectory { parent in
      let folder = parent.appending(path: "late")
      let scans = watch(folder, timer: .milliseconds(300)).makeAsyncIterator()
      #expect(await scans.next()?.files.isEmpty == true)
      for name in ["first", "second"] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data().write(to: folder.appending(path: name))
        var names: [String] = []
        while names != [name], let scan = await scans.next() { names = scan.files.map(\.name) }
        #expect(names == [name])
        try FileManager.default.removeItem(at: folder)
        while !names.isEmpty, let scan = await scans.next() { names = scan.files.map(\.name) }
      }
    }
  }

  @Test("Reads the folder again when the kernel says that it lost events", .timeLimit(.minutes(15)))
  func overflow() async throws {
    try await withTemporaryDirectory { folder in
      let scans = watch(folder).makeAsyncIterator()
      _ = await scans.next()
      scans.mailbox.post(.overflowed)
      #expect(await scans.next()?.reason == .overflow)
    }
  }

  @Test("Ends after a last look when a stop is requested", .timeLimit(.minutes(15)))
  func stop() async throws {
    try await withTemporaryDirectory { folder in
      let stop = StopSignal()
      let scans = watch(folder, stop: stop).makeAsyncIterator()
      _ = await scans.next()
      try Data().write(to: folder.appending(path: "last"))
      stop.request()
      var names: [String] = []
      while let scan = await scans.next() { names = scan.files.map(\.name) }
      #expect(names == ["last"])
    }
  }

  @Test("Waits for a moment of silence after an event, and looks once", .timeLimit(.minutes(15)))
  func quiet() async throws {
    try await withTemporaryDirectory { folder in
      let clock = ManualClock()
      let scans = deaf(folder, deadline: .seconds(1), clock).makeAsyncIterator()
      #expect(await scans.next()?.reason == .start)
      let mailbox = scans.mailbox
      async let scan = scans.next()
      await clock.sleeps(reach: 1)
      mailbox.post(.overflowed)
      await clock.sleeps(reach: 2)
      clock.advance(by: .milliseconds(49))
      mailbox.post(.changed)
      await clock.sleeps(reach: 3)
      clock.advance(by: .milliseconds(49))
      mailbox.post(.changed)
      await clock.sleeps(reach: 4)
      clock.advance(by: .milliseconds(50))
      #expect(await scan?.reason == .overflow)
      #expect(clock.now.offset == .milliseconds(148))
    }
  }

  @Test("Looks at the latest when the deadline has passed, though events never fall silent", .timeLimit(.minutes(15)))
  func deadline() async throws {
    try await withTemporaryDirectory { folder in
      let clock = ManualClock()
      let scans = deaf(folder, deadline: .milliseconds(200), clock).makeAsyncIterator()
      _ = await scans.next()
      let mailbox = scans.mailbox
      async let scan = scans.next()
      await clock.sleeps(reach: 1)
      mailbox.post(.overflowed)
      for turn in 0..<5 {
        await clock.sleeps(reach: 2 + turn)
        clock.advance(by: .milliseconds(40))
        if turn < 4 { mailbox.post(.changed) }
      }
      #expect(await scan?.reason == .overflow)
      #expect(clock.now.offset == .milliseconds(200))
    }
  }

  @Test("Looks at once when a file was renamed into place, though others are being written", .timeLimit(.minutes(15)))
  func landed() async throws {
    try await withTemporaryDirectory { folder in
      let clock = ManualClock()
      let scans = deaf(folder, deadline: .seconds(10), clock).makeAsyncIterator()
      _ = await scans.next()
      let mailbox = scans.mailbox
      async let scan = scans.next()
      await clock.sleeps(reach: 1)
      mailbox.post(.changed)
      await clock.sleeps(reach: 2)
      try FileManager.default.createDirectory(at: folder.appending(path: "absent"), withIntermediateDirectories: true)
      try Data().write(to: folder.appending(path: "absent/whole"))
      // The newer word takes the older one's place, and does not make it forgotten.
      mailbox.post(.landed)
      mailbox.post(.changed)
      #expect(await scan?.files.map(\.name) == ["whole"])
      #expect(clock.now.offset == .zero, "nobody has waited for silence")
    }
  }

  @Test("A file that is written in place is looked at after a moment of silence, one that is renamed there at once")
  func words() async throws {
    try await withTemporaryDirectory { folder in
      let (events, continuation) = AsyncStream.makeStream(of: Notifications.Event.self)
      let number = Notifications.shared.subscribe(to: folder) { continuation.yield($0) }
      defer { if let number { Notifications.shared.unsubscribe(number, from: folder) } }
      var iterator = events.makeAsyncIterator()
      #expect(await iterator.next() == .changed, "the watch has begun")
      try Data("x".utf8).write(to: folder.appending(path: "temporary"))
      var word = await iterator.next()
      #expect(word == .changed || word == .overflowed)
      #expect(Foundation.rename(folder.appending(path: "temporary").path, folder.appending(path: "whole").path) == 0)
      while let next = word, next != .landed { word = await iterator.next() }
      #expect(word == .landed)
    }
  }

  @Test("A folder under one that was renamed is watched where it is made again", .timeLimit(.minutes(15)))
  func parentRenamed() async throws {
    try await withTemporaryDirectory { folder in
      let (parent, inner) = (folder.appending(path: "parent"), folder.appending(path: "parent/inner"))
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      // The timer is out of reach: an event must tell.
      let scans = watch(inner, timer: .seconds(100_000)).makeAsyncIterator()
      #expect(await scans.next()?.files.isEmpty == true)
      try Data().write(to: inner.appending(path: "a"))
      var names: [String] = []
      while names != ["a"], let scan = await scans.next() { names = scan.files.map(\.name) }
      #expect(Foundation.rename(parent.path, folder.appending(path: "elsewhere").path) == 0)
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      try Data().write(to: inner.appending(path: "b"))
      while names != ["b"], let scan = await scans.next() { names = scan.files.map(\.name) }
      #expect(names == ["b"])
    }
  }

  @Test("The doorbell is a file that no folder has, and it can be rung")
  func doorbell() throws {
    let bell = try #require(Doorbell())
    bell.ring()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: bell.path).hasSuffix("(deleted)"))
  }

  @Test("Where other machines write unheard, the folder is polled, also one that is not there yet")
  func silent() throws {
    let folder = URL(filePath: "/data/share/runs/checkpoints")
    for (number, reports) in [(0x6969, false), (0x6573_5546, false), (0x0BD0_0BD0, false), (0xEF53, true)] {
      #expect(DirectoryWatch.reportsEvents(folder) { $0 == "/data/share" ? UInt(number) : 0 } == reports)
    }
    #expect(DirectoryWatch.reportsEvents(folder) { _ in 0 })
  }

  @Test("Finds by the slow timer what no event told of", .timeLimit(.minutes(15)))
  func timer() async throws {
    try await withTemporaryDirectory { parent in
      let folder = parent.appending(path: "inner")
      let clock = ManualClock()
      var watch = DirectoryWatch(folder, timer: .seconds(5), clock: clock)
      // Deaf: the listener tries a folder that is not there again and again, and would tell of it before or after the
      // timer rings. After, the watch would wait for silence by a clock that nobody moves any more.
      watch.method = .polling
      let scans = watch.makeAsyncIterator()
      #expect(await scans.next()?.files.isEmpty == true)
      async let scan = scans.next()
      await clock.sleeps(reach: 1)
      // A folder that is renamed into place.
      let elsewhere = parent.appending(path: "elsewhere")
      try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
      try Data().write(to: elsewhere.appending(path: "a"))
      try FileManager.default.moveItem(at: elsewhere, to: folder)
      clock.advance(by: .seconds(5))
      #expect(await scan?.files.map(\.name) == ["a"])
    }
  }

  private static let queueLimit =
    (try? String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8))
    .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? .max

  @Test(
    "The kernel's queue, when it really overflows, is reported as lost events", .timeLimit(.minutes(15)),
    .enabled(if: Self.queueLimit <= 50_000, "the kernel queues too many events to fill it"))
  func kernelOverflow() async throws {
    let limit = Self.queueLimit
    try await withTemporaryDirectory { folder in
      // The process's one listener is held up in a handler while more events come than the kernel keeps.
      let isHeld = DispatchSemaphore(value: 0)
      let mayGo = DispatchSemaphore(value: 0)
      let (events, continuation) = AsyncStream.makeStream(of: Notifications.Event.self)
      let isFirst = Mutex(true)
      let number = Notifications.shared.subscribe(to: folder) { event in
        continuation.yield(event)
        let wasFirst = isFirst.withLock { first in
          defer { first = false }
          return first
        }
        guard wasFirst else { return }
        isHeld.signal()
        mayGo.wait()
      }
      defer { if let number { Notifications.shared.unsubscribe(number, from: folder) } }
      let filler = ThreadExecutor(name: "filler")
      defer { filler.end() }
      await Task(executorPreference: filler) {
        isHeld.waitForIt()
        for file in 0..<(limit + 10) { close(open(folder.appending(path: "f\(file)").path, O_CREAT | O_WRONLY, 0o644)) }
        mayGo.signal()
      }.value
      var hasOverflowed = false
      for await event in events where event == .overflowed {
        hasOverflowed = true
        break
      }
      #expect(hasOverflowed)
    }
  }
}

extension DispatchSemaphore {
  /// Blocks the thread; only for tests that own one.
  fileprivate func waitForIt() { wait() }
}
