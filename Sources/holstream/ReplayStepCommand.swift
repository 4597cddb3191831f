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

        holstream replay-step 1234 --run runs/quickstart/1
      """)

  @Argument(help: "Number of the step, counted from 0.") var step: Int
  @Option(
    name: .customLong("run"), help: "Folder of the run; the newest under runs when left out.", completion: .directory)
  var directory: String?
  @Option(help: "The trainer, where the pipeline has several.") var node: String?

  func run() async throws {
    let job = try ReplayStepJob(step: step, directory: directory.map { URL(filePath: $0) }, node: node)
    let replayed = try await interruptible { try job.run() }
    try StandardStream.output.printResult(replayed)
    if replayed.agrees == false { throw ExitCode(ExitStatus.badInput.rawValue) }
  }
}
