internal import ArgumentParser
import Foundation
import Pipelines

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare runs: what differs in their configuration, and what came of it.",
    discussion: """
        holstream compare runs/quickstart/1 runs/quickstart/2
        holstream compare runs/quickstart-sweep-1/* --json | jq .verdicts

      A column a run: keys that differ, the loss at the same steps, the verdict on each run's best checkpoint, the climate \
      of the last window.
      """)

  @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run"), completion: .directory) var runs: [String]
  @Flag(help: "Answer with a JSON object.") var json = false

  func run() async throws {
    let (job, width) = (CompareJob(runs: runs.map { URL(filePath: $0) }), StandardStream.output.size?.columns)
    let json = json
    try StandardStream.output.printResult(try await interruptible { try job.run(json: json, width: width) })
  }
}
