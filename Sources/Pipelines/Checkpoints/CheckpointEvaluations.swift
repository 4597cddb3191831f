internal import Climate
internal import Foundation

/// One evaluator's way through the checkpoints of a run: which are its turn, and what is written down of each.
struct CheckpointEvaluations: Sendable {
  let evaluator: String
  let policy: CheckpointPolicy
  /// Whether some may never arrive, because a newer one takes their place on the way.
  let mayMiss: Bool
  let hysteresis: Double
  let folder: CheckpointFolder
  let ledger: CheckpointLedgerFile

  /// Whether it is this checkpoint's turn. What is not is written down.
  func isDue(_ file: CheckpointFile) throws -> Bool {
    let now = ledger.current
    if let inode = file.inode { try ledger.record(.landed(step: file.step, inode: inode)) }
    if now.landings[file.step] == file.inode, now.outcome(of: file.step, by: evaluator) != nil { return false }
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

  /// Checkpoints of an earlier run that were retired before their turn.
  func expireMissing() throws {
    let there = Set(folder.files.map(\.step))
    for step in ledger.current.waiting(for: evaluator) where !there.contains(step) { try end(step, .expired) }
  }

  /// A checkpoint that could not be read.
  /// - Returns: How it ended.
  func failed(_ file: CheckpointFile, _ reason: String) throws -> CheckpointLedger.Outcome {
    let outcome: CheckpointLedger.Outcome = FileManager.default.fileExists(atPath: file.url.path) ? .corrupt : .expired
    try end(file.step, outcome, reason: reason)
    return outcome
  }

  /// Writes down that a checkpoint was evaluated, and makes it the best if it is better by more than the hysteresis.
  /// - Returns: Whether it became the best.
  func evaluated(_ file: CheckpointFile, _ verdict: Verdict) throws -> Bool {
    try end(file.step, .evaluated)
    let (measure, score) = verdict.rank
    guard ledger.current.improves(on: evaluator, measure: measure, score: score, hysteresis: hysteresis) else {
      return false
    }
    try folder.markBest(file)
    try ledger.record(.best(step: file.step, evaluator: evaluator, measure: measure, score: score))
    return true
  }

  private func end(_ step: Int, _ outcome: CheckpointLedger.Outcome, by newer: Int? = nil, reason: String? = nil) throws
  {
    try ledger.record(.ended(step: step, evaluator: evaluator, outcome: outcome, by: newer, reason: reason))
  }
}
