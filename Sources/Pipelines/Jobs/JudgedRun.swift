internal import Climate

/// What `holstream judge` found.
public struct JudgedRun: Sendable, CustomStringConvertible {
  /// A verdict in a few numbers.
  private struct Entry: Encodable {
    var checkpoint: String
    var step: Int
    /// What it is ranked by, smaller is better, and where it stands there.
    var measure: String
    var rank: Double
    var numbers: [String: Double]
    var words: String
    /// Whether it was given now; false for one that was there with the same settings.
    var isNew: Bool
  }
  private struct Failure: Encodable {
    var checkpoint: String
    var reason: String
  }
  private struct Content: Encodable {
    var checkpoints: Int
    /// The log with the whole verdicts; left out where none was kept.
    var log: String?
    var verdicts: [Entry]
    var failed: [Failure]
  }

  private let checkpoints: Int
  var log: String?
  private var rows: [String] = []
  private var entries: [Entry] = []
  private var failed: [Failure] = []

  init(checkpoints: Int, log: String?) {
    self.checkpoints = checkpoints
    self.log = log
  }

  mutating func add(_ row: String, _ verdict: Verdict, isNew: Bool) {
    rows.append(row)
    let (measure, rank) = verdict.rank
    entries.append(
      Entry(
        checkpoint: verdict.checkpoint, step: verdict.step, measure: measure, rank: rank, numbers: verdict.numbers,
        words: verdict.words, isNew: isNew))
  }

  mutating func fail(_ checkpoint: String, _ reason: String) {
    failed.append(Failure(checkpoint: checkpoint, reason: reason))
  }

  /// Of a run a row a verdict and what was done; of a single checkpoint the verdict in sentences.
  public var description: String {
    let failures = failed.map { "\($0.checkpoint): \($0.reason)" }
    guard let log else { return (entries.map(\.words) + failures).joined(separator: "\n") }
    let judged = entries.count(where: \.isNew)
    let kept = entries.count - judged
    let before = kept > 0 ? " (\(kept) were judged before with the same settings)" : ""
    return
      (rows + ["Judged \(judged) of \(checkpoints) checkpoints\(before); the verdicts are in \(log)."] + failures)
      .joined(separator: "\n")
  }

  /// The same for programs, as one JSON object.
  /// - Throws: What the encoder throws.
  public var json: String {
    get throws {
      try RunState.text(Content(checkpoints: checkpoints, log: log, verdicts: entries, failed: failed))
    }
  }
}
