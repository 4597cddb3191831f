internal import ArgumentParser
import Foundation
import Pipelines

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "List runs: state, age, step, best verdict.",
    discussion: """
        holstream runs
        holstream runs /data/runs --json | jq '.[] | select(.state.phase == "died").run'

      States: running, complete, stopped (asked to), alert (by a threshold of its own), failed, died (its process is gone \
      without a word), unknown.
      """)

  @Argument(help: "Where runs are.", completion: .directory) var folder = "runs"
  @Flag(help: "A JSON array, an object a run.") var json = false

  func run() throws {
    let list = try RunList(under: URL(filePath: folder))
    try StandardStream.output.printResult(json ? list.json : list.table(width: StandardStream.output.size?.columns))
  }
}
