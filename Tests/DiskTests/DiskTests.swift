import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Disk

@Suite("Files on a disk")
struct DiskTests {
  @Test("A full disk is told apart from everything else")
  func kinds() {
    #expect(
      DiskError("f", cannotBe: "written", ENOSPC).isDiskFull && DiskError("f", cannotBe: "written", EDQUOT).isDiskFull)
    #expect(DiskError("f", cannotBe: "written", EIO).kind == .failed)
    #expect(DiskError("f", cannotBe: "written", EROFS).description == "f: cannot be written: Read-only file system")
    #expect(DiskError("f", cannotBe: "created", ENOENT).message.contains("removed or renamed"))
  }

  @Test("A file is replaced whole; in a folder that is gone nothing is made anew")
  func whole() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder.appending(path: "f").path
      for durability in [WholeFile.Durability.none, .content, .complete] {
        for isReplaced in [false, true] {
          try WholeFile.replace(
            path, with: Array("\(durability) \(isReplaced)".utf8), durability: durability, isReplaced: isReplaced)
          #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(durability) \(isReplaced)")
        }
      }
      try WholeFile.replaceLink(folder.appending(path: "link").path, to: "f")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["f", "link"])
      let gone = folder.appending(path: "gone/f").path
      let error = #expect(throws: DiskError.self) { try WholeFile.replace(gone, with: [1], durability: .none) }
      #expect(error?.kind == .removed && error?.path == gone)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "gone").path))
    }
  }

  @Test("What is appended to a full disk is refused, and to a file that was removed or renamed")
  func appending() async throws {
    let full = try AppendedFile("/dev/full")
    #expect(throws: DiskError.self) { try full.append([1, 2]) }
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "f")
      let file = try AppendedFile(url.path)
      try file.append(Array("one\n".utf8))
      AppendedFile.synchroniseAll()
      try file.check()
      try FileManager.default.moveItem(at: url, to: folder.appending(path: "aside"))
      #expect(throws: DiskError.self) { try file.append(Array("two\n".utf8)) }
      try Data().write(to: url)
      let error = #expect(throws: DiskError.self) { try file.append(Array("two\n".utf8)) }
      #expect(error?.kind == .removed && error?.path == url.path)
      #expect(try String(contentsOf: folder.appending(path: "aside"), encoding: .utf8) == "one\n")
    }
  }

  @Test(
    "A record that a full disk cut short is completed when it comes again, and kept apart from another one",
    .enabled(if: SmallDisk.isAvailable, "mounting needs root"))
  func torn() async throws {
    try await withTemporaryDirectory { folder in
      let disk = try SmallDisk(folder.appending(path: "disk"), bytes: 1 << 16)
      let file = try AppendedFile(disk.folder.appending(path: "f").path)
      let filler = disk.folder.appending(path: "filler")
      try Data(count: 45_056).write(to: filler)
      let record = (0..<30_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
      let error = #expect(throws: DiskError.self) { try file.append(record, separator: [10]) }
      #expect(error?.kind == .full && file.size > 0 && file.size < record.count)
      #expect(throws: DiskError.self) { try file.append(record, separator: [10]) }
      try FileManager.default.removeItem(at: filler)
      try file.append(record, separator: [10])
      #expect(try [UInt8](Data(contentsOf: URL(filePath: file.path))) == record)
      try Data(count: 30_000).write(to: filler)
      #expect(throws: DiskError.self) { try file.append(record, separator: [10]) }
      try FileManager.default.removeItem(at: filler)
      try file.append([1, 2, 3], separator: [10])
      #expect(try Data(contentsOf: URL(filePath: file.path)).suffix(4) == Data([10, 1, 2, 3]))
    }
  }

  @Test("A lock is held by one, names who holds it, and ends with its holder")
  func lock() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder.appending(path: ".lock").path
      #expect(!FileLock.isHeld(path))
      do {
        let lock = try FileLock(path)
        #expect(FileLock.isHeld(path))
        let held = #expect(throws: FileLock.Held.self) { try FileLock(path) }
        #expect(held?.holder.hasPrefix("process \(getpid()) on ") == true)
        withExtendedLifetime(lock) {}
      }
      #expect(!FileLock.isHeld(path))
      _ = try FileLock(path)
    }
  }

  @Test("Who only looks whether a lock is held keeps nobody from taking it")
  func look() async throws {
    try await withTemporaryDirectory { folder in
      let path = folder.appending(path: ".lock").path
      _ = try FileLock(path)
      // As `isHeld` has it for an instant.
      let looking = open(path, O_RDONLY)
      #expect(flock(looking, LOCK_SH | LOCK_NB) == 0)
      var waited = 0
      let lock = try FileLock(path) {
        waited += 1
        if waited == 3 { close(looking) }
      }
      #expect(waited == 3)
      withExtendedLifetime(lock) {}
    }
  }

  @Test("What is due is done when it is asked for, once, by another thread; what is not due is not")
  func synchroniser() {
    let times = Mutex(0)
    let synchroniser = TimedSynchroniser(every: .seconds(3600)) { times.withLock { $0 += 1 } }
    synchroniser.synchronise()
    #expect(times.withLock { $0 } == 0)
    for round in 1...3 {
      synchroniser.mark()
      synchroniser.mark()
      synchroniser.synchronise()
      #expect(times.withLock { $0 } == round)
    }
    synchroniser.stop()
    synchroniser.mark()
    synchroniser.synchronise()
    #expect(times.withLock { $0 } == 3)
  }

  @Test("Without being asked it is done by itself")
  func byItself() async {
    await withCheckedContinuation { continuation in
      let isDone = Mutex(false)
      let synchroniser = TimedSynchroniser(every: .milliseconds(1)) {
        let isFirst = isDone.withLock { done in
          defer { done = true }
          return !done
        }
        if isFirst { continuation.resume() }
      }
      synchroniser.mark()
    }
  }
}
