internal import Climate
internal import Foundation

/// One evaluator's way through the checkpoints of a run: which are its turn, and what is written down of each.
///
/// A verdict is first in the logs, then the best, then in the ledger as evaluated. Whatever instant a kill takes, a
/// resumed run finds what is missing: a verdict that is in every log is entered without being given again, and any other
/// is given (again), of which a log takes only what it does not have.
struct CheckpointEvaluations: Sendable {
  let evaluator: String
  let policy: CheckpointPolicy
  /// Whether some may never arrive, because a newer one takes their place on the way.
  let mayMiss: Bool
  let hysteresis: Double
  let folder: CheckpointFolder
  let ledger: CheckpointLedgerFile
  let patience: DiskPatience
  /// The logs that get every verdict, as an earlier run left them.
  var logs: [LoggedVerdicts] = []

  /// Seconds since 1970.
  var clock: @Sendable () -> Double = { Date().timeIntervalSince1970 }

  /// Whether it is this checkpoint's turn. What is not is written down.
  func isDue(_ file: CheckpointFile) throws -> Bool {
    if let inode = file.inode {
      _ = try patience.blocking("ledger.jsonl") { try ledger.land(file, inode: inode, in: folder, noticed: clock()) }
    }
    let now = ledger.current
    if let outcome = now.outcome(of: file.step, by: evaluator), now.landings[file.step] == file.inode {
      // The ledger may outlive a line, where the power failed.
      return outcome == .evaluated && !isLogged(file.step, file.inode)
        && FileManager.default.fileExists(atPath: file.url.path)
    }
    // The directory is the truth: a newer checkpoint may be there though no event has told of it.
    let newest = folder.files.last?.step ?? file.step
    if policy == .latestOnly, newest > file.step {
      try end(file.step, .superseded, by: newest)
      return false
    }
    if mayMiss || policy == .latestOnly {
      for step in now.waiting(for: evaluator) where step < file.step { try end(step, .superseded, by: file.step) }
    }
    guard FileManager.default.fileExists(atPath: file.url.path) else {
      try end(file.step, .expired)
      return false
    }
    return true
  }

  /// Writes down the checkpoints that were retired before their turn.
  /// - Returns: Their steps.
  @discardableResult
  func expireMissing() throws -> [Int] {
    // Asked in this order: what lands in between is in neither.
    let waiting = ledger.current.waiting(for: evaluator)
    let there = Set(folder.files.map(\.step))
    let gone = waiting.filter { !there.contains($0) }
    for step in gone { try end(step, .expired) }
    return gone
  }

  /// Enters what an earlier run had in its logs, but not yet in the ledger, and mends the link to the best.
  /// - Returns: The verdicts that were entered, and the steps of those that are lost: evaluated, but in no log, and their
  ///   checkpoints retired.
  func putRight() throws -> (entered: [Verdict], lost: [Int]) {
    var entered: [Verdict] = []
    for step in ledger.current.waiting(for: evaluator) {
      let inode = ledger.current.landings[step]
      guard !logs.isEmpty, isLogged(step, inode), let verdict = try logs[0].verdict(step: step, file: inode) else {
        continue
      }
      let named = folder.files.first { $0.step == step } ?? folder.file(step: step)
      _ = try evaluated(named, verdict)
      entered.append(verdict)
    }
    if let best = ledger.current.latestBest, folder.bestStep != best.step,
      let file = folder.files.first(where: { $0.step == best.step })
    {
      _ = try patience.blocking(folder.bestLink.lastPathComponent) { try folder.markBest(file) }
    }
    let now = ledger.current
    let there = Set(folder.files.map(\.step))
    let lost = now.evaluated(by: evaluator).filter { !there.contains($0) && !isLogged($0, now.landings[$0]) }
    return (entered, lost)
  }

  /// A checkpoint that could not be read.
  /// - Returns: How it ended.
  func failed(_ file: CheckpointFile, _ reason: String, began: Double? = nil) throws -> CheckpointLedger.Outcome {
    let outcome: CheckpointLedger.Outcome = FileManager.default.fileExists(atPath: file.url.path) ? .corrupt : .expired
    try end(file.step, outcome, reason: reason, began: began)
    return outcome
  }

  /// Makes a checkpoint the best if it is better by more than the hysteresis, and writes down that it was evaluated. To be
  /// called once the verdict is in the logs.
  /// - Returns: Whether it became the best.
  func evaluated(_ file: CheckpointFile, _ verdict: Verdict, began: Double? = nil) throws -> Bool {
    let (measure, score) = verdict.rank
    let improves = ledger.current.improves(
      on: evaluator, measure: measure, score: score, hysteresis: hysteresis)
    if improves {
      try record(.best(step: file.step, evaluator: evaluator, measure: measure, score: score))
      if FileManager.default.fileExists(atPath: file.url.path) {
        _ = try patience.blocking(folder.bestLink.lastPathComponent) { try folder.markBest(file) }
      }
    }
    try end(file.step, .evaluated, began: began)
    return improves
  }

  private func isLogged(_ step: Int, _ file: UInt64?) -> Bool {
    logs.allSatisfy { $0.contains(step: step, file: file) }
  }

  private func end(
    _ step: Int, _ outcome: CheckpointLedger.Outcome, by newer: Int? = nil, reason: String? = nil, began: Double? = nil
  ) throws {
    try record(
      .ended(
        step: step, evaluator: evaluator, outcome: outcome, by: newer, reason: reason, began: began, at: clock()))
  }

  /// Holds its thread up while there is no space.
  private func record(_ event: CheckpointLedger.Event) throws {
    _ = try patience.blocking("ledger.jsonl") { try ledger.record(event) }
  }
}
