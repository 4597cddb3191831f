import Foundation
import TestSupport
import Testing

@testable import Streams

@Suite("A directory watch", .serialized)
struct DirectoryWatchTests {
  private func watch(_ folder: URL, timer: Duration = .seconds(20), stop: StopSignal? = nil) -> DirectoryWatch {
    DirectoryWatch(folder, quiet: .milliseconds(20), deadline: .milliseconds(500), timer: timer, stop: stop)
  }

  @Test("Starts with what is there, then sees a file that is renamed into place", .timeLimit(.minutes(1)))
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

  @Test("Misses none of a burst of 10 000 files", .timeLimit(.minutes(1)))
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

  @Test("Sees files in a folder that is made after the watch began, removed, and made again", .timeLimit(.minutes(1)))
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

  @Test("Reads the folder again when the kernel says that it lost events", .timeLimit(.minutes(1)))
  func overflow() async throws {
    try await withTemporaryDirectory { folder in
      let scans = watch(folder).makeAsyncIterator()
      _ = await scans.next()
      scans.deliver(.overflowed)
      #expect(await scans.next()?.reason == .overflow)
    }
  }

  @Test("Ends after a last look when a stop is requested", .timeLimit(.minutes(1)))
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
}
