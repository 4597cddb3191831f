internal import ArgumentParser
import Foundation
import Pipelines

struct ReplayStepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay-step",
    abstract: "Make one optimizer step of a past run again: its batch, and the terms of its loss beside those logged.",
    discussion: """
      Goes on in memory from the last checkpoint before the step, over the frames of the run's store (or simulated again \
      where it has none), and changes nothing on disk. The bits are those of the run; if not, the exit code is 65.

        holstream replay-step runs/quickstart/1 1234
      """)

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String
  @Argument(help: "Number of the step, counted from 0.") var step: Int
  @Option(help: "The trainer, where the pipeline has several.") var node: String?
  @Flag(help: "Answer with a JSON object.") var json = false

  func run() async throws {
    let job = try ReplayStepJob(step: step, directory: URL(filePath: folder), node: node)
    let replayed = try await interruptible { try job.run() }
    try StandardStream.output.printResult(json ? replayed.json : replayed.description)
    if replayed.agrees == false { throw ExitCode(ExitStatus.badInput.rawValue) }
  }
}
