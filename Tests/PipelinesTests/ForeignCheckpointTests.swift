import Climate
import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("Checkpoints of another program are judged", .serialized)
struct ForeignCheckpointTests {
  private struct Place {
    var folder: URL
    var store: URL
    var yaml: String
  }

  /// A run's checkpoints under the names of another program, and a pipeline that only judges.
  private func place(in parent: URL) async throws -> Place {
    let (run, _) = try await Runs.run(Miniature.yaml(), in: parent.appending(path: "miniature"))
    let folder = parent.appending(path: "others")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let files = CheckpointFolder(run.directory.file("checkpoints")).files
    for (file, name) in zip(files, ["net-v2-epoch-6", "net-v2-epoch-12", "net-v2-epoch-18", "other-24"]) {
      try FileManager.default.copyItem(at: file.url, to: folder.appending(path: "\(name).safetensors"))
    }
    try Data("no checkpoint".utf8).write(to: folder.appending(path: "net-notes.txt"))
    let store = run.directory.file("trajectories.zarr")
    return Place(
      folder: folder, store: store,
      yaml: """
        name: judged
        held-out-one-in: 4
        sources:
          lattice: { replay: { path: \(store.path) } }
          others: { checkpoint-watch: { path: \(folder.path), pattern: "net-*.safetensors", follow: false } }
        stages:
          evaluate: { from: others, verdict: { truth: lattice, horizon: 20, rollouts: 1, baseline-frames: 0, resamples: 5 } }
        sinks:
          verdicts: { from: evaluate, jsonl: verdicts.jsonl }
        """)
  }

  private func judged(_ run: RunDirectory) throws -> [String] {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try Runs.lines(run.file("verdicts.jsonl")).map {
      let verdict = try decoder.decode(Verdict.self, from: Data($0.utf8))
      return "\(verdict.checkpoint):\(verdict.step)"
    }
  }

  @Test(
    "A pipeline without a trainer judges what the pattern names, leaves the folder alone, and judges what changed again",
    .timeLimit(.minutes(15)))
  func judging() async throws {
    try await withTemporaryDirectory { parent in
      let place = try await place(in: parent)
      let before = try Runs.files(place.folder)
      let folder = parent.appending(path: "run")
      let (run, summary) = try await Runs.run(place.yaml, in: folder)
      let three = ["net-v2-epoch-6:6", "net-v2-epoch-12:12", "net-v2-epoch-18:18"]
      #expect(try judged(run.directory) == three)
      #expect(summary.description.contains("What it learned"))
      #expect(try Runs.files(place.folder) == before, "nothing is written or retired there")
      let link = folder.appending(path: "best-by-climate.safetensors")
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: link.path)
      #expect(URL(filePath: target).deletingLastPathComponent().lastPathComponent == "others")
      #expect(FileManager.default.contents(atPath: link.path) != nil)

      // Gone on with, nothing is judged twice.
      try await Runs.run(place.yaml, in: folder, resuming: true)
      #expect(try judged(run.directory) == three)
      // One is renamed, one written anew in place.
      let files = FileManager.default
      try files.moveItem(
        at: place.folder.appending(path: "net-v2-epoch-6.safetensors"),
        to: place.folder.appending(path: "net-v2-epoch-7.safetensors"))
      let rewritten = place.folder.appending(path: "net-v2-epoch-12.safetensors")
      let handle = try FileHandle(forWritingTo: rewritten)
      try handle.write(contentsOf: Data(contentsOf: place.folder.appending(path: "other-24.safetensors")))
      try handle.close()
      try files.setAttributes([.modificationDate: Date(timeIntervalSince1970: 2e9)], ofItemAtPath: rewritten.path)
      try await Runs.run(place.yaml, in: folder, resuming: true)
      #expect(try judged(run.directory) == three + ["net-v2-epoch-7:7", "net-v2-epoch-12:12"])
    }
  }

  @Test(
    "Judging later keeps what it knows, and judges again what any setting or file has changed", .timeLimit(.minutes(15))
  )
  func judgingLater() async throws {
    try await withTemporaryDirectory { parent in
      let place = try await place(in: parent)
      let folder = parent.appending(path: "run")
      try await Runs.run(place.yaml, in: folder)
      func judge(_ overrides: String...) throws -> String {
        try JudgeJob(run: folder, node: nil, overrides: overrides).run(status: TerminalStatus(isTerminal: false))
          .description
      }
      #expect(try judge().contains("Judged 3 of 3 checkpoints; the verdicts are in"))
      let again = try judge()
      #expect(again.contains("Judged 0 of 3 checkpoints (3 were judged before with the same settings)"), "\(again)")
      #expect(again.split(separator: "\n").count { $0.contains("rollout RMSE") } == 3, "what was kept is told")
      let settings = [
        "stages.evaluate.verdict.horizon=10", "stages.evaluate.verdict.valid-threshold=0.3",
        "stages.evaluate.verdict.observables=deltaQ", "stages.evaluate.verdict.resamples=6", "seed=9",
        "stages.evaluate.verdict.reference=false",
      ]
      for setting in settings {
        #expect(try judge(setting).contains("Judged 3 of 3"), "\(setting)")
        #expect(try judge(setting).contains("Judged 0 of 3"), "\(setting)")
      }
      #expect(try judge().contains("Judged 0 of 3"))
      // Only the file that is another one now.
      try FileManager.default.moveItem(
        at: place.folder.appending(path: "net-v2-epoch-6.safetensors"),
        to: place.folder.appending(path: "net-v3-epoch-6.safetensors"))
      #expect(try judge().contains("Judged 1 of 3 checkpoints (2 were"))
    }
  }

  @Test(
    "A folder that is followed tells of each file, also of one renamed to the same step and one rewritten in place",
    .timeLimit(.minutes(15)))
  func following() async throws {
    try await withTemporaryDirectory { parent in
      let url = parent.appending(path: "others")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      let folder = CheckpointFolder(url, pattern: "*.safetensors", best: parent)
      let stop = StopSignal()
      var iterator = NewCheckpoints(
        folder: folder,
        watch: DirectoryWatch(
          url, quiet: .milliseconds(10), deadline: .milliseconds(200), timer: .milliseconds(100), stop: stop),
        ledger: nil, patience: DiskPatience(halt: StopSignal()) { _ in }
      ).makeAsyncIterator()
      let file = url.appending(path: "a-10.safetensors")
      try Data("one".utf8).write(to: file)
      #expect(try await iterator.next()?.name == "a-10")
      try FileManager.default.moveItem(at: file, to: url.appending(path: "b-10.safetensors"))
      #expect(try await iterator.next()?.name == "b-10")
      let handle = try FileHandle(forWritingTo: url.appending(path: "b-10.safetensors"))
      try handle.write(contentsOf: Data("longer".utf8))
      try handle.close()
      let rewritten = try await iterator.next()
      #expect(rewritten?.name == "b-10" && rewritten?.step == 10)
      stop.request()
      #expect(try await iterator.next() == nil)
    }
  }
}
