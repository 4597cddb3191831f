internal import Climate
internal import Disk
public import Foundation
internal import Learning
internal import Settings
internal import Streams
internal import Trajectories

/// `holstream judge`: verdicts on the checkpoints that a run has left, with the numbers that are asked for now.
///
/// Everything is as in the run: its truth, its held-out trajectories, its starts. The verdicts go to `judged-<stage>.jsonl`
/// in the run's folder, so that a run which is still going on is not disturbed; what is there already with the same settings
/// is not done again.
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

  /// A verdict on one checkpoint, with all trajectories of a store as the truth: a pipeline of a replay and a verdict.
  ///
  /// - Parameter overrides: Changes to it, such as `stages.evaluate.verdict.horizon=100`.
  /// - Throws: As `run`.
  public static func verdict(
    on checkpoint: URL, truth: URL, overrides: [String] = [], status: TerminalStatus = TerminalStatus()
  ) throws -> JudgedRun {
    let folder = FileManager.default.temporaryDirectory.appending(path: "holstream-judge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func quoted(_ text: String) throws -> String { String(decoding: try JSONEncoder().encode(text), as: UTF8.self) }
    let domain = try ModelCatalogue.model(contentsOf: checkpoint).layout.map { DomainWord($0.domain) } ?? .stored
    let isPlain = try StoredTrajectories(truth).layout.domain == .none
    // A name is a pattern that fits itself alone, once its wildcards are taken literally.
    let name = checkpoint.lastPathComponent.replacing(/[*?\[\]\\]/) { "\\\($0.output)" }
    let text = """
      name: judge
      held-out-one-in: 1
      sources:
        truth: { replay: { path: \(try quoted(truth.standardizedFileURL.path)), domain: \(isPlain ? domain.text : "stored") } }
        checkpoints:
          checkpoint-watch:
            path: \(try quoted(checkpoint.standardizedFileURL.deletingLastPathComponent().path))
            pattern: \(try quoted(name))
            follow: false
      stages:
        evaluate: { from: checkpoints, verdict: { truth: truth } }
      """
    try Data(text.utf8).write(to: folder.appending(path: "pipeline.yaml"))
    var judged = try JudgeJob(run: folder, node: nil, overrides: overrides).run(status: status)
    // Of a folder that is gone.
    judged.log = nil
    return judged
  }

  /// - Throws: `ConfigurationError`, or `RunError` for a folder without a run or a pipeline without verdicts.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> JudgedRun {
    let file = run.file("pipeline.yaml")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw RunError(.badInput, "there is no run in \(run.shown()): it has no pipeline.yaml")
    }
    let description = try PipelineDescription(contentsOf: file, overrides: overrides)
    let stages = description.nodes.filter { $0.component is any Judging && (node == nil || $0.id == node) }
    guard stages.count == 1, let stage = stages.first, let component = stage.component as? any Judging else {
      let names = description.nodes.filter { $0.component is any Judging }.map(\.id).joined(separator: ", ")
      throw RunError(
        .usage,
        names.isEmpty
          ? "the pipeline in \(run.shown()) has no verdict stage" : "name one verdict stage with --stage: \(names)")
    }
    let events = EventHub()
    let assembly = try PipelineAssembly.ofSources(description, in: run, events: events)
    let truth = component.settings.truth
    if assembly.trajectorySource(truth) == nil, let reason = description.comingOnce(truth, in: run) {
      throw RunError(
        .badInput,
        "the checkpoints of \(run.shown()) cannot be judged again: \(reason). Judge one of them by that with `holstream "
          + "judge CHECKPOINT --truth STORE`; rows that it has learnt from are in it, too")
    }
    var judge = try CheckpointJudge(component.settings, node: stage.id, in: assembly)
    let folder = assembly.checkpoints(watchedBy: stage.from)
    let checkpoints = folder.files
    let output = run.file("judged-\(stage.id).jsonl")
    // A verdict is kept as long as nothing has changed that it depends on: every setting of the pipeline counts.
    let settings = description.fingerprint
    var known = try Self.judged(in: output, settings)
    let log = try JSONLinesLog(output)
    defer { AppendedFile.synchroniseAll() }
    let patience = DiskPatience(halt: Interruption.signal) { status.print($0) }
    let start = ContinuousClock.now
    var result = JudgedRun(checkpoints: checkpoints.count, log: output.relativePath)
    defer { status.clear() }
    for (index, checkpoint) in checkpoints.enumerated() {
      try Interruption.check("Stopped; what was judged is in \(output.relativePath).")
      status.progress("judging", done: index, of: checkpoints.count, since: start)
      let identity = folder.identity(of: checkpoint.url)
      if let before = known[checkpoint.name], before.inode == identity {
        result.add(before.words, before.verdict, isNew: false)
        continue
      }
      do {
        let verdict = try judge.verdict(on: checkpoint)
        let entry = Judged(
          settings: settings, inode: identity, words: verdict.row(of: stage.id).words, verdict: verdict)
        guard try patience.blocking(nil, { try log.append(entry) }) != nil else {
          throw RunError(
            .unwritable,
            "Stopped while the disk was full; the verdict on \(checkpoint.name) could not be written to \(output.relativePath)."
          )
        }
        known[checkpoint.name] = entry
        result.add(entry.words, verdict, isNew: true)
      } catch let error as LearningError {
        result.fail(checkpoint.name, "\(error)")
      }
    }
    return result
  }

  /// A line of the log: the verdict, and what it depends on.
  private struct Judged: Codable {
    var settings: String
    var inode: UInt64?
    var words: String
    var verdict: Verdict

    private enum CodingKeys: String, CodingKey { case judgedWith, judgedFile, judgedWords }

    init(settings: String, inode: UInt64?, words: String, verdict: Verdict) {
      self.settings = settings
      self.inode = inode
      self.words = words
      self.verdict = verdict
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      settings = try container.decode(String.self, forKey: .judgedWith)
      inode = try container.decodeIfPresent(UInt64.self, forKey: .judgedFile)
      words = try container.decode(String.self, forKey: .judgedWords)
      verdict = try Verdict(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
      try verdict.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(settings, forKey: .judgedWith)
      try container.encodeIfPresent(inode, forKey: .judgedFile)
      try container.encode(words, forKey: .judgedWords)
    }
  }

  /// The newest verdict on each checkpoint that was given with these settings.
  private static func judged(in url: URL, _ settings: String) throws -> [String: Judged] {
    let decoder = JSONDecoder.withInfinities
    var byName: [String: Judged] = [:]
    try JSONLinesFollower.each(of: url) { line in
      if let entry = try? decoder.decode(Judged.self, from: Data(line.object.utf8)), entry.settings == settings {
        byName[entry.verdict.checkpoint] = entry
      }
    }
    return byName
  }
}
