internal import ArgumentParser
import Foundation
import Pipelines

struct JudgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "judge",
    abstract: "Give verdicts on the checkpoints that a run has left, with the numbers that are asked for now.",
    discussion: """
      Truth, held-out trajectories and starts are the run's own, made again where no store has them.

        holstream judge runs/quickstart/1 --set stages.evaluate.verdict.lyapunov=true

      One checkpoint is judged by all trajectories of a store:

        holstream judge model.safetensors --truth held-out.zarr --set stages.evaluate.verdict.horizon=100
      """)

  @Argument(help: "The run's folder; with --truth a checkpoint.", completion: .file()) var run: String
  @Option(help: "Store whose trajectories are the truth for one checkpoint.", completion: .directory) var truth: String?
  @Option(help: "The verdict stage whose settings count; the only one when left out.") var stage: String?
  @Option(name: .customLong("set"), help: "Change a key of the run's pipeline file: path=value. May be repeated.")
  var overrides: [String] = []
  @Flag(help: "Answer with a JSON object: every number of each verdict.") var json = false

  func run() async throws {
    if let truth {
      let (checkpoint, store, overrides) = (URL(filePath: run), URL(filePath: truth), overrides)
      guard FileManager.default.fileExists(atPath: checkpoint.path) else {
        throw ValidationError("there is no checkpoint \(run)")
      }
      return try tell(
        try await interruptible { try JudgeJob.verdict(on: checkpoint, truth: store, overrides: overrides) })
    }
    let job = JudgeJob(run: URL(filePath: run), node: stage, overrides: overrides)
    try tell(try await interruptible { try job.run() })
  }

  private func tell(_ judged: JudgedRun) throws {
    try StandardStream.output.printResult(json ? judged.json : judged.description)
  }
}
