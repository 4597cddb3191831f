public import Foundation
internal import Learning
internal import Streams
internal import Trajectories

/// `holstream replay-step`: one optimizer step of a past run, made again.
///
/// From the last checkpoint before the step, training goes on in memory over the same frames, until the step: its batch,
/// its noise and its dropout are functions of counters, and so come out as they were.
public struct ReplayStepJob: Sendable {
  private let step: Int
  private let directory: RunDirectory
  private let node: String?

  /// - Parameters:
  ///   - step: Number of the step, counted from 0.
  ///   - directory: The run's folder; the newest under `runs` when nil.
  ///   - node: The trainer, where the pipeline has several.
  /// - Throws: `RunError` when there is no run.
  public init(step: Int, directory: URL?, node: String? = nil) throws {
    self.step = step
    self.node = node
    self.directory = try directory.map { RunDirectory($0) } ?? RunDirectory.newest(under: URL(filePath: "runs"))
  }

  /// - Returns: The step as it was found again and as it was logged.
  /// - Throws: `RunError` when the run cannot be gone over again; what its files throw.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> ReplayedStep {
    let file = directory.file("pipeline.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw RunError(.badInput, "\(directory.shown()) is no folder of a run: it has no pipeline.yaml")
    }
    let description = try PipelineDescription(contentsOf: file)
    let trainer = try trainerNode(description)
    var settings = (trainer.component as! any Training).settings
    settings.trainer.seed = description.seed
    guard settings.takesEachWindowOnce ? step >= 0 : (0..<settings.trainer.curriculum.batches).contains(step) else {
      throw RunError(
        .usage, "the run has steps 0 to \(settings.trainer.curriculum.batches - 1), there is no step \(step)")
    }
    let (source, rounds) = try recorded(trainer, description)
    guard let order = source.order else {
      throw RunError(.badInput, "the frames of \(trainer.from ?? "") cannot be had again in their order")
    }
    let isHeldOut: @Sendable (Int) -> Bool = { description.isHeldOut($0) }
    let (from, checkpoint) = earlierCheckpoint()
    let position = try checkpoint.flatMap { try OnlineTraining.position(of: $0) } ?? 0
    let round = position / order.round
    var training =
      try checkpoint.map {
        try OnlineTraining(
          settings, resuming: $0, source: source, startingAt: round * order.round, isHeldOut: isHeldOut)
      } ?? OnlineTraining(settings, source: source, startingAt: 0, isHeldOut: isHeldOut)
    var stream = RecordedStream(source, order: order, startingAt: round, of: rounds)
    let first = training.trainer?.step ?? 0
    let start = ContinuousClock.now
    defer { status.clear() }
    while let frame = try stream.next() {
      try Interruption.check("Stopped before step \(step) was reached.")
      try training.admit(frame)
      while training.isStepDue {
        var stopped: LearningError?
        do { _ = try training.step() } catch let error as LearningError where error.code == .diverged {
          stopped = error  // The step that stopped the run; it has its report all the same.
        }
        guard let report = training.lastReport, let batch = training.lastBatch else { continue }
        if report.step == step {
          return ReplayedStep(
            report: report, batch: batch.identities, unrolled: batch.steps,
            logged: try logged(trainer, description), run: directory.shown(), checkpoint: from,
            usesStore: stream.usesStore, usesSimulator: stream.usesSimulator)
        }
        if let stopped { throw stopped }
        status.progress("training again", done: report.step - first + 1, of: step - first + 1, since: start)
      }
    }
    throw RunError(.badInput, "the run never came to step \(step): its source ends before")
  }

  private func trainerNode(_ description: PipelineDescription) throws -> PipelineDescription.Node {
    let trainers = description.nodes.filter { $0.component is any Training }
    if let node {
      guard let found = trainers.first(where: { $0.id == node }) else {
        throw RunError(.usage, "the pipeline has no trainer \(node)")
      }
      return found
    }
    guard trainers.count == 1, let found = trainers.first else {
      throw RunError(
        .usage,
        trainers.isEmpty
          ? "the pipeline of \(directory.shown()) trains nothing"
          : "the pipeline has several trainers; name one with --node: \(trainers.map(\.id).joined(separator: ", "))")
    }
    return found
  }

  /// The trainer's frames as the run had them, and how many rounds of them there are; nil without end.
  private func recorded(
    _ trainer: PipelineDescription.Node, _ description: PipelineDescription
  ) throws -> (source: RecordedTrajectories, rounds: Int?) {
    let origin = description.nodes.first { $0.id == trainer.from }
    guard let origin, let component = origin.component as? any TrajectoryProviding else {
      let reason = description.comingOnce(trainer.from, in: directory)
      throw RunError(
        .badInput,
        reason.map {
          "no step of \(directory.shown()) can be made again: \($0), but not in the order in which they came"
        }
          ?? "the frames of \(trainer.from ?? "") cannot be had again")
    }
    let stores = description.stores(of: origin.id, in: directory)
    return (RecordedTrajectories(try component.trajectories(), stores: stores), component.rounds)
  }

  /// The newest readable checkpoint that was taken before the step.
  private func earlierCheckpoint() -> (name: String?, checkpoint: Checkpoint?) {
    for file in CheckpointFolder(directory.file("checkpoints")).files.reversed() where file.step <= step {
      if let checkpoint = try? Checkpoint(contentsOf: file.url) { return (file.name, checkpoint) }
    }
    return (nil, nil)
  }

  /// What the run logged of the step; the last time, if it was taken more than once.
  private func logged(
    _ trainer: PipelineDescription.Node, _ description: PipelineDescription
  ) throws -> TrainingStepReport? {
    let decoder = JSONDecoder.withInfinities
    var found: TrainingStepReport?
    for node in description.nodes where node.from == trainer.id {
      guard let log = node.component as? any Logging else { continue }
      try JSONLinesFollower.each(of: directory.file(log.path)) { line in
        let record = try? decoder.decode(TrainingRecord.self, from: Data(line.object.utf8))
        if let report = record?.report, report.step == step { found = report }
      }
    }
    return found
  }
}
