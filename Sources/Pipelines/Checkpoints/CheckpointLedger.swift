/// What became of every checkpoint: a pure state machine over events, which are also the lines of its file.
///
/// A checkpoint lands once (again when its file is written anew), and for each evaluator ends as evaluated, superseded,
/// corrupt or expired. An event that would change nothing, or that the states do not allow, is refused.
struct CheckpointLedger: Sendable, Equatable {
  /// How a checkpoint ended for one evaluator.
  enum Outcome: String, Codable, Sendable {
    case evaluated
    /// Passed over by policy, because a newer one had landed.
    case superseded
    /// The file cannot be read.
    case corrupt
    /// The file was retired before its turn.
    case expired
  }

  /// A line of the ledger.
  enum Event: Codable, Sendable, Equatable {
    /// - `changed`, `noticed`: When the file came into place and when it was seen, in seconds since 1970. Of the run's own
    ///   checkpoints the first is taken by the trainer, immediately before it renames the file; of another program's it is
    ///   the file's time of change, which Linux takes from a clock that goes in steps of 1 to 10 ms, so that it may be as
    ///   much too early.
    case landed(step: Int, inode: UInt64, changed: Double? = nil, noticed: Double? = nil)
    /// - `by`: The newer checkpoint, for one that was superseded.
    /// - `began`, `at`: When the evaluation began, of one that was tried, and when it ended, in seconds since 1970.
    case ended(
      step: Int, evaluator: String, outcome: Outcome, by: Int?, reason: String?, began: Double? = nil, at: Double? = nil
    )
    /// The best so far, by a score of which smaller is better.
    case best(step: Int, evaluator: String, measure: String, score: Double)
  }

  struct Best: Sendable, Equatable {
    var step: Int
    var measure: String
    var score: Double
  }

  /// The file's identity by step.
  private(set) var landings: [Int: UInt64] = [:]
  private var outcomes: [String: [Int: Outcome]] = [:]
  private var bests: [String: Best] = [:]
  /// The best that was written down last, by whichever evaluator: the one that the link is to.
  private(set) var latestBest: Best?

  func outcome(of step: Int, by evaluator: String) -> Outcome? { outcomes[evaluator]?[step] }

  /// Steps that the evaluator has evaluated, in order.
  func evaluated(by evaluator: String) -> [Int] {
    (outcomes[evaluator] ?? [:]).filter { $0.value == .evaluated }.keys.sorted()
  }

  func best(by evaluator: String) -> Best? { bests[evaluator] }

  /// Steps that have landed and of which the evaluator has said nothing yet, in order.
  func waiting(for evaluator: String) -> [Int] {
    landings.keys.filter { outcomes[evaluator]?[$0] == nil }.sorted()
  }

  /// Takes in an event.
  /// - Returns: Whether it changed anything.
  @discardableResult
  mutating func apply(_ event: Event) -> Bool {
    switch event {
    case .landed(let step, let inode, _, _):
      guard landings[step] != inode else { return false }
      // Written anew: what was said of the old file is said of it no more.
      if landings[step] != nil { for evaluator in outcomes.keys { outcomes[evaluator]![step] = nil } }
      landings[step] = inode
      return true
    case .ended(let step, let evaluator, let outcome, _, _, _, _):
      guard landings[step] != nil else { return false }
      let before = outcomes[evaluator]?[step]
      // Backfilling evaluates what was passed over; nothing else follows an end.
      guard before == nil || (outcome == .evaluated && before != .evaluated) else { return false }
      outcomes[evaluator, default: [:]][step] = outcome
      return true
    case .best(let step, let evaluator, let measure, let score):
      let new = Best(step: step, measure: measure, score: score)
      guard bests[evaluator] != new else { return false }
      bests[evaluator] = new
      latestBest = new
      return true
    }
  }

  /// Whether a score is better than the best so far by more than the hysteresis, a share of the best.
  func improves(on evaluator: String, measure: String, score: Double, hysteresis: Double) -> Bool {
    guard score.isFinite else { return false }
    guard let best = bests[evaluator], best.measure == measure else { return true }
    return score < best.score * (1 - hysteresis)
  }
}

/// Which checkpoints are evaluated when they land faster than that takes.
enum CheckpointPolicy: String, Sendable, CaseIterable {
  /// All, in order of step.
  case every
  /// The newest only.
  case latestOnly = "latest-only"
}
