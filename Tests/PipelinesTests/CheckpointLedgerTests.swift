import Foundation
import Learning
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("The ledger of checkpoints")
struct CheckpointLedgerTests {
  private func evaluations(
    _ folder: URL, policy: CheckpointPolicy = .every, mayMiss: Bool = false, hysteresis: Double = 0.1
  ) throws -> CheckpointEvaluations {
    let checkpoints = folder.appending(path: "checkpoints")
    try FileManager.default.createDirectory(at: checkpoints, withIntermediateDirectories: true)
    return CheckpointEvaluations(
      evaluator: "judge", policy: policy, mayMiss: mayMiss, hysteresis: hysteresis,
      folder: CheckpointFolder(checkpoints), ledger: try CheckpointLedgerFile(folder.appending(path: "ledger.jsonl")),
      patience: DiskPatience(halt: StopSignal()) { _ in })
  }

  /// Puts a file where a checkpoint would be.
  private func land(_ step: Int, in evaluations: CheckpointEvaluations) throws -> CheckpointFile {
    var file = evaluations.folder.file(step: step)
    try Data("not a checkpoint".utf8).write(to: file.url)
    file.inode = UInt64(step) + 1000
    try evaluations.ledger.record(.landed(step: step, inode: file.inode!))
    return file
  }

  @Test("Each checkpoint lands once and ends once; only backfilling follows an end")
  func states() {
    var ledger = CheckpointLedger()
    func end(_ outcome: CheckpointLedger.Outcome, _ step: Int = 5) -> CheckpointLedger.Event {
      .ended(step: step, evaluator: "a", outcome: outcome, by: nil, reason: nil)
    }
    func apply(_ event: CheckpointLedger.Event) -> Bool { ledger.apply(event) }
    #expect(!apply(end(.evaluated)), "nothing ends that has not landed")
    #expect(apply(.landed(step: 5, inode: 1)))
    #expect(!apply(.landed(step: 5, inode: 1)))
    #expect(ledger.waiting(for: "a") == [5])
    #expect(apply(end(.superseded)))
    #expect(!apply(end(.expired)) && !apply(end(.corrupt)))
    #expect(ledger.waiting(for: "a").isEmpty && ledger.waiting(for: "b") == [5])
    #expect(apply(end(.evaluated)) && !apply(end(.evaluated)))
    #expect(apply(.landed(step: 5, inode: 2)), "a file that was written anew lands again")
    #expect(ledger.waiting(for: "a") == [5])
  }

  @Test("Landings and ends carry their times, and a ledger without them opens as before")
  func times() async throws {
    try await withTemporaryDirectory { folder in
      var stage = try evaluations(folder)
      stage.clock = { 1234.5 }
      var file = stage.folder.file(step: 7)
      try Data("not a checkpoint".utf8).write(to: file.url)
      file.inode = stage.folder.identity(of: file.url)
      #expect(try stage.isDue(file))
      #expect(try stage.failed(file, "damaged", began: 1233) == .corrupt)
      let lines = try Runs.lines(folder.appending(path: "ledger.jsonl"))
      let events = try lines.map { try JSONDecoder().decode(CheckpointLedger.Event.self, from: Data($0.utf8)) }
      let changed = try #require(stage.folder.changed(file.url))
      #expect(abs(changed - Date().timeIntervalSince1970) < 3600)
      #expect(events.first == .landed(step: 7, inode: file.inode!, changed: changed, noticed: 1234.5))
      #expect(
        events.last
          == .ended(
            step: 7, evaluator: "judge", outcome: .corrupt, by: nil, reason: "damaged", began: 1233, at: 1234.5))
      let old = Data(#"{"ended":{"step":3,"evaluator":"judge","outcome":"evaluated"}}"#.utf8)
      #expect(
        try JSONDecoder().decode(CheckpointLedger.Event.self, from: old)
          == .ended(step: 3, evaluator: "judge", outcome: .evaluated, by: nil, reason: nil))
      let landed = Data(#"{"landed":{"step":3,"inode":5}}"#.utf8)
      #expect(try JSONDecoder().decode(CheckpointLedger.Event.self, from: landed) == .landed(step: 3, inode: 5))
    }
  }

  @Test("The time of a landing is the instant before the rename, by the fine clock, whoever sees the file first")
  func landing() async throws {
    try await withTemporaryDirectory { folder in
      let own = CheckpointFolder(folder)
      let ledger = try CheckpointLedgerFile(folder.appending(path: "ledger.jsonl"))
      let file = own.file(step: 7)
      let tensors = Safetensors(tensors: ["a": .init([1], shape: [1])])
      var isThere: Bool?
      try tensors.write(to: file.url) {
        isThere = FileManager.default.fileExists(atPath: file.url.path)
        ledger.willLand(step: 7, at: 1234.5)
      }
      #expect(isThere == false)
      try ledger.land(file, in: own, noticed: 1235)
      try ledger.land(file, in: own)
      // Another program's files have their own times, even where a step of ours has the same number.
      let foreign = CheckpointFolder(folder.appending(path: "others"), pattern: "*.safetensors", best: folder)
      try FileManager.default.createDirectory(at: foreign.url, withIntermediateDirectories: true)
      let theirs = CheckpointFile(url: foreign.url.appending(path: "net-7.safetensors"), step: 7)
      try tensors.write(to: theirs.url)
      try ledger.land(theirs, in: foreign)
      let times = try Runs.lines(folder.appending(path: "ledger.jsonl")).map { line -> Double? in
        guard
          case .landed(_, _, let changed, _) = try JSONDecoder().decode(
            CheckpointLedger.Event.self, from: Data(line.utf8))
        else { return nil }
        return changed
      }
      #expect(times == [1234.5, foreign.changed(theirs.url)])
    }
  }

  @Test("latest-only judges the newest and writes down what it passed over; every judges all")
  func policies() async throws {
    try await withTemporaryDirectory { folder in
      let latest = try evaluations(folder.appending(path: "latest"), policy: .latestOnly)
      let files = try (1...3).map { try land($0, in: latest) }
      #expect(try files.map { try latest.isDue($0) } == [false, false, true])
      #expect((1...2).map { latest.ledger.current.outcome(of: $0, by: "judge") } == [.superseded, .superseded])
      let every = try evaluations(folder.appending(path: "every"))
      let all = try (1...3).map { try land($0, in: every) }
      #expect(try all.map { try every.isDue($0) } == [true, true, true])
    }
  }

  @Test(
    "What a newer one replaced on the way is superseded, what was retired is expired, what cannot be read is corrupt")
  func nothingIsSkippedSilently() async throws {
    try await withTemporaryDirectory { folder in
      let stage = try evaluations(folder, mayMiss: true)
      let files = try (1...5).map { try land($0, in: stage) }
      try FileManager.default.removeItem(at: files[3].url)
      #expect(try stage.isDue(files[2]))
      #expect(try stage.failed(files[2], "damaged") == .corrupt)
      #expect(try !stage.isDue(files[3]))
      let ledger = stage.ledger.current
      #expect(
        (1...5).map { ledger.outcome(of: $0, by: "judge") } == [.superseded, .superseded, .corrupt, .expired, nil])
      #expect(ledger.waiting(for: "judge") == [5])
    }
  }

  @Test("The ledger is the same after a restart, and what ended is not judged again")
  func resume() async throws {
    try await withTemporaryDirectory { folder in
      let first = try evaluations(folder)
      let files = try (1...3).map { try land($0, in: first) }
      #expect(try first.isDue(files[0]))
      try first.ledger.record(.ended(step: 1, evaluator: "judge", outcome: .evaluated, by: nil, reason: nil))
      try first.ledger.record(.best(step: 1, evaluator: "judge", measure: "climate score", score: 2))
      let second = try evaluations(folder)
      #expect(second.ledger.current == first.ledger.current)
      #expect(second.ledger.current.best(by: "judge")?.score == 2)
      try FileManager.default.removeItem(at: files[2].url)
      try second.expireMissing()
      #expect(try files.map { try second.isDue($0) } == [false, true, false])
      #expect(second.ledger.current.outcome(of: 3, by: "judge") == .expired)
    }
  }

  @Test("The best moves only for a score that is better by the hysteresis, and never for one that is not a number")
  func hysteresis() {
    var ledger = CheckpointLedger()
    func improves(_ score: Double, _ measure: String = "m") -> Bool {
      ledger.improves(on: "a", measure: measure, score: score, hysteresis: 0.1)
    }
    #expect(improves(3) && !improves(.nan) && !improves(.infinity))
    ledger.apply(.best(step: 1, evaluator: "a", measure: "m", score: 3))
    #expect(!improves(2.8) && improves(2.6))
    #expect(improves(10, "another"), "scores of two measures do not compare")
  }

  @Test("The best checkpoint has a link, and is not retired")
  func best() async throws {
    try await withTemporaryDirectory { folder in
      let stage = try evaluations(folder)
      let files = try (1...5).map { try land($0, in: stage) }
      try stage.folder.markBest(files[1])
      try stage.folder.markBest(files[2])
      #expect(stage.folder.bestStep == 3)
      let leases = Leases()
      await leases.holding(files[0].url) { stage.folder.retire(keep: 1, leases: leases) }
      #expect(stage.folder.files.map(\.step) == [1, 3, 5])
      #expect(FileManager.default.contents(atPath: stage.folder.bestLink.path) != nil)
    }
  }
}
