import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("Checkpoints that land", .serialized)
struct CheckpointWatchTests {
  private func land(_ steps: some Sequence<Int>, in folder: CheckpointFolder, saying text: String = "x") throws {
    for step in steps {
      let temporary = folder.url.appending(path: ".writing-\(step)")
      try Data(text.utf8).write(to: temporary)
      let file = folder.file(step: step).url
      guard rename(temporary.path, file.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
  }

  private func checkpoints(_ folder: CheckpointFolder, stop: StopSignal) -> NewCheckpoints {
    NewCheckpoints(
      folder: folder,
      watch: DirectoryWatch(
        folder.url, quiet: .milliseconds(10), deadline: .milliseconds(200), timer: .milliseconds(300), stop: stop),
      ledger: nil, patience: DiskPatience(halt: StopSignal()) { _ in })
  }

  @Test("A late start gives what is there in order of step, then a burst, each once", .timeLimit(.minutes(15)))
  func burst() async throws {
    try await withTemporaryDirectory { url in
      let folder = CheckpointFolder(url)
      try land([30, 10, 20], in: folder)
      let stop = StopSignal()
      var iterator = checkpoints(folder, stop: stop).makeAsyncIterator()
      var steps: [Int] = []
      for _ in 0..<3 { steps.append(try #require(await iterator.next()).step) }
      #expect(steps == [10, 20, 30])
      try land(100..<700, in: folder)
      stop.request()
      while let file = try await iterator.next() { steps.append(file.step) }
      #expect(steps == [10, 20, 30] + Array(100..<700))
    }
  }

  @Test(
    "A checkpoint that is written anew lands again; a folder that is removed and made again goes on",
    .timeLimit(.minutes(15)))
  func anew() async throws {
    try await withTemporaryDirectory { parent in
      let folder = CheckpointFolder(parent.appending(path: "checkpoints"))
      try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
      let stop = StopSignal()
      var iterator = checkpoints(folder, stop: stop).makeAsyncIterator()
      try land([1], in: folder)
      let first = try #require(await iterator.next())
      // The old file is kept elsewhere, so that its inode is not given to the new one.
      try FileManager.default.linkItem(at: first.url, to: parent.appending(path: "kept"))
      try land([1], in: folder, saying: "y")
      let second = try #require(await iterator.next())
      #expect(first.step == 1 && second.step == 1 && first.inode != second.inode)
      try FileManager.default.moveItem(at: folder.url, to: parent.appending(path: "old"))
      try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
      try land([2], in: folder)
      #expect(try await iterator.next()?.step == 2)
      stop.request()
      #expect(try await iterator.next() == nil)
    }
  }
}
