internal import Foundation
internal import Systems
internal import Trajectories

/// Forces that a simulation takes from what was learned: a checkpoint's field, or a log of learning on the fly.
struct LearnedSimulation {
  private let checkpoint: URL?
  private let log: (url: URL, records: [OnTheFlyRecord])?
  /// What the log says, to compare with what the replay does; nil without a log.
  let replay: Replay?

  /// - Throws: `RunError` for both at once, or a log that cannot be read.
  init(checkpoint: URL?, replaying url: URL?) throws {
    guard checkpoint == nil || url == nil else {
      throw RunError(
        .usage, "--checkpoint takes forces from a field, --replay learns them as a log says: give one or the other")
    }
    self.checkpoint = checkpoint
    log = try url.map { ($0, try LabelLog.records($0)) }
    replay = log.map { Replay($0.records, $0.url.relativePath) }
  }

  /// What a store says of the forces; nil for those of its system's equations.
  var summary: String? { checkpoint?.lastPathComponent }

  /// - Throws: `RunError` or `SystemError` for a system whose forces are none of these.
  func applied(to system: any DynamicalSystem) throws -> any DynamicalSystem {
    guard checkpoint != nil || log != nil else { return system }
    guard let learnable = system as? any LearnedForceSystem else {
      throw RunError(
        .usage,
        "\(checkpoint == nil ? "--replay" : "--checkpoint") is for systems whose forces can be learned, such as holstein-square, not for \(system.name)"
      )
    }
    if let log { return try learnable.replaying(log.records) }
    return learnable.learned(
      try LearnedForces(contentsOf: checkpoint!, for: system, workers: SimulateJob.cores).density)
  }

  /// Whether a replay does what its log says: the same sites, and the same errors where they were audited.
  struct Replay {
    private let name: String
    private var expected: [Place: OnTheFlyRecord]
    private var (steps, others) = (0, 0)

    private struct Place: Hashable { var trajectory, step: Int }

    init(_ records: [OnTheFlyRecord], _ name: String) {
      self.name = name
      expected = Dictionary(records.map { (Place(trajectory: $0.trajectory, step: $0.step), $0) }) { $1 }
    }

    mutating func compare(_ records: [OnTheFlyRecord]) {
      for record in records {
        steps += 1
        if expected[Place(trajectory: record.trajectory, step: record.step)] != record { others += 1 }
      }
    }

    var words: String {
      "Replayed \(steps) steps of \(name): "
        + (others == 0
          ? "all sites and audited errors are the log's, to the bit."
          : "the audited errors of \(others) are others than the log's; it was written with other settings, another seed or other arithmetic.")
    }
  }
}
