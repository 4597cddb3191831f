internal import Climate
internal import Disk
internal import Foundation
internal import Learning
internal import Streams
internal import Tensors
internal import Transports

/// What a judging worker keeps from task to task: the judge of a pipeline, with its truth and its baselines.
final class JudgeDesk {
  private let access: WorkerAccess
  private let name: String
  private let folder: URL
  private var judge: (configuration: String, stage: String, judge: CheckpointJudge)?

  /// - Parameter folder: Where fetched files are kept for as long as they are read.
  init(_ access: WorkerAccess, name: String, folder: URL) {
    self.access = access
    self.name = name
    self.folder = folder
  }

  /// Why a task is left to others; nil where it is not.
  func reason(against payload: [UInt8]) -> String? {
    let task: JudgeTask
    do { task = try JudgeTask.read(payload) } catch { return "\(error)" }
    return access.reason(against: task.configuration, wanting: "verdicts", by: task.arithmetic)
  }

  func perform(_ claim: Claim) throws -> Worker.Outcome {
    let task = try JudgeTask.read(claim.payload)
    let file = folder.appending(path: task.checkpoint.name)
    defer { try? FileManager.default.removeItem(at: file) }
    if let reason = access.fetch(task.checkpoint, to: file) { return .refused(reason) }
    var answer = JudgeAnswer(
      configuration: task.configuration, sha256: task.checkpoint.sha256, stage: task.stage,
      arithmetic: Arithmetic.current.id, worker: name)
    do {
      if judge?.configuration != task.configuration || judge?.stage != task.stage {
        judge = (task.configuration, task.stage, try self.judge(of: task))
      }
      answer.verdict = try judge!.judge.verdict(on: CheckpointFile(url: file, step: task.checkpoint.step))
    } catch let error as LearningError {
      answer.failure = .init(kind: .checkpoint, words: "\(error)")
    } catch let error as ClimateError {
      answer.failure = .init(kind: .truth, words: "\(error)")
    } catch let error as RunError where error.code == .interrupted {
      throw error
    } catch {
      // A store that is not here, or a configuration that this version does not know.
      return .refused("\(error)")
    }
    return .answer(try answer.message)
  }

  private func judge(of task: JudgeTask) throws -> CheckpointJudge {
    // Paths of a pipeline start from where its run was started.
    let known = try PipelineDescription(text: task.pipeline)
    if known.nodes.contains(where: { $0.component is any TrajectoryProviding && !($0.component is any SystemKnowing) }),
      FileManager.default.currentDirectoryPath != task.folder
    {
      _ = FileManager.default.changeCurrentDirectoryPath(task.folder)
    }
    guard let stage = known.nodes.first(where: { $0.id == task.stage }), let judging = stage.component as? any Judging
    else { throw WorkError("the pipeline has no verdict stage `\(task.stage)`") }
    let assembly = try PipelineAssembly.ofSources(known, in: RunDirectory(folder), events: EventHub())
    return try CheckpointJudge(judging.settings, node: stage.id, in: assembly)
  }
}
