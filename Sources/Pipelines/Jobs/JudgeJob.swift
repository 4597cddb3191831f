internal import Climate
public import Foundation
internal import Learning
internal import Settings
internal import Streams

/// `holstream judge`: verdicts on the checkpoints that a run has left, with the numbers that are asked for now.
///
/// Everything is as in the run: its truth, its held-out trajectories, its starts. The verdicts go to `judged-<stage>.jsonl`
/// in the run's folder, so that a run which is still going on is not disturbed; what is there already with all the numbers
/// asked for is not done again.
public struct JudgeJob: Sendable {
  private let run: RunDirectory
  private let node: String?
  private let overrides: [String]

  /// - Parameters:
  ///   - run: The run's folder.
  ///   - node: The verdict stage whose settings count; the only one when nil.
  ///   - overrides: Changes to the run's pipeline file, such as `stages.evaluate.verdict.lyapunov=true`.
  public init(run: URL, node: String?, overrides: [String] = []) {
    self.run = RunDirectory(run)
    self.node = node
    self.overrides = overrides
  }

  /// - Returns: What was done, for the user.
  /// - Throws: `ConfigurationError`, or `RunError` for a folder without a run or a pipeline without verdicts.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    let file = run.file("pipeline.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw RunError(.badInput, "there is no run in \(run.shown()): it has no pipeline.yaml")
    }
    let description = try PipelineDescription(contentsOf: file, overrides: overrides)
    let stages = description.nodes.filter { $0.component is VerdictStage && (node == nil || $0.id == node) }
    guard stages.count == 1, let stage = stages.first, let component = stage.component as? VerdictStage else {
      let names = description.nodes.filter { $0.component is VerdictStage }.map(\.id).joined(separator: ", ")
      throw RunError(
        .usage,
        names.isEmpty
          ? "the pipeline in \(run.shown()) has no verdict stage" : "name one verdict stage with --stage: \(names)")
    }
    // Sources alone: they know how to make their trajectories again, and nothing of the run is opened for writing.
    let events = EventHub()
    let assembly = PipelineAssembly(
      graph: Graph(), description: description, directory: run, events: events, isResuming: false)
    for source in description.nodes where source.role == .source && !(source.component is CheckpointSource) {
      _ = try source.component.attach(source, to: nil, in: assembly)
    }
    var judge = try CheckpointJudge(component.settings, node: stage.id, in: assembly)
    let checkpoints = CheckpointFolder(run.file("checkpoints")).files
    let output = run.file("judged-\(stage.id).jsonl")
    var known = try Self.numbers(in: output)
    let log = try JSONLinesLog(output)
    let start = ContinuousClock.now
    var judged = 0
    var failed: [String] = []
    defer { status.clear() }
    for (index, checkpoint) in checkpoints.enumerated() {
      try Interruption.check("Stopped; what was judged is in \(output.relativePath).")
      status.progress("judging", done: index, of: checkpoints.count, since: start)
      // The first verdict shows which numbers there are; one that has them all is kept.
      if let wanted = known.wanted, known.byStep[checkpoint.step]?.isSuperset(of: wanted) == true { continue }
      do {
        let verdict = try judge.verdict(on: checkpoint)
        known.wanted = Set(verdict.numbers.keys)
        guard known.byStep[checkpoint.step]?.isSuperset(of: known.wanted!) != true else { continue }
        try log.append(verdict)
        known.byStep[checkpoint.step] = known.wanted
        judged += 1
      } catch let error as LearningError {
        failed.append("\(checkpoint.name): \(error)")
      }
    }
    return
      (["Judged \(judged) of \(checkpoints.count) checkpoints; the verdicts are in \(output.relativePath)."] + failed)
      .joined(separator: "\n")
  }

  /// The names of the numbers that are there already, by step.
  private static func numbers(in url: URL) throws -> (wanted: Set<String>?, byStep: [Int: Set<String>]) {
    var follower = JSONLinesFollower(url)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var byStep: [Int: Set<String>] = [:]
    while case let items = try follower.read(), !items.isEmpty {
      for case .line(let line) in items {
        if let verdict = try? decoder.decode(Verdict.self, from: Data(line.object.utf8)) {
          byStep[verdict.step, default: []].formUnion(verdict.numbers.keys)
        }
      }
    }
    return (nil, byStep)
  }
}
