internal import ArgumentParser
import Foundation
import Pipelines

struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Follow a log of a run, checking that nothing in it was lost.",
    discussion: """
        holstream tail runs/quickstart/1/metrics.jsonl
        holstream tail runs/quickstart/1              (the latest line of every log)

      Follows the log through rotation; a gap in its numbering or a line that fails its checksum is reported.
      """)

  @Argument(help: "A .jsonl log, or the folder of a run.", completion: .file()) var path: String
  @Flag(inversion: .prefixedNo, help: "Wait for new lines at the end.") var follow = true
  @Option(help: "Start with the last so many lines; all when 0.") var lines = 10

  func run() async throws {
    try await TailJob(url: URL(filePath: path), follow: follow, lines: lines).run(followedOutput())
  }
}
