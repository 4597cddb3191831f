internal import ArgumentParser
import Foundation
import Pipelines

struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Show the last lines of logs, checking that nothing in them was lost.",
    discussion: """
        holstream tail runs/quickstart/1                       (every log of a run)
        holstream tail runs/quickstart/1/metrics.jsonl -f --fields step,loss
        holstream tail runs/*/*/metrics.jsonl --where 'loss < 0.1' --lines 0
        holstream tail runs/quickstart/1/verdicts.jsonl --json | jq .scores

      -f follows the logs through rotation until Ctrl-C. A gap in the numbering of a log or a line that fails its checksum \
      is reported where it is, counted at the end, and ends the command with 65.
      """)

  @Argument(help: ArgumentHelp("Logs (.jsonl), or folders of runs.", valueName: "run|file"), completion: .file())
  var places: [String]
  @Flag(name: .shortAndLong, inversion: .prefixedNo, help: "Wait for new lines at the end.") var follow = false
  @Option(name: [.customShort("n"), .long], help: "Start with the last so many lines of each log; all when 0.")
  var lines = 10
  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Only lines whose field is so: <, <=, >, >=, =, !=. May be repeated.", valueName: "field < number"))
  var conditions: [String] = []
  @Option(help: "What to show of a line, with commas.") var fields: String?
  @Flag(help: "Show lines as they are in the log; with --fields an object of these.") var json = false

  func run() async throws {
    let job = try TailJob(
      places.map { URL(filePath: $0) }, follow: follow, lines: lines, conditions: conditions,
      fields: fields?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? [], json: json)
    // So that what was lost is counted also where somebody ends it.
    let signals = follow ? StopSignals() : nil
    defer { withExtendedLifetime(signals) {} }
    try await job.run(followedOutput())
  }
}
