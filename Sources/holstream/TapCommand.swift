internal import ArgumentParser
import Foundation
import Pipelines

struct TapCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tap",
    abstract: "Look at what passes a node of a run that is going on.",
    discussion: """
        holstream tap runs/quickstart/1 lattice
        holstream tap runs/quickstart/1 train --count 5 --json

      A line an element, some twenty a second at most: of a fast stream the newest. The run waits for nobody who looks. \
      `passed` is how many have passed since. Frames are told by their observables.
      """)

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String
  @Argument(help: "A source or a stage of its pipeline; of a sink, what it reads.") var node: String
  @Option(name: [.customShort("n"), .long], help: "End after so many lines.") var count: Int?
  @Flag(help: "Tell whole elements as JSON.") var json = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
  }

  func run() async throws {
    let job = TapJob(URL(filePath: folder), node: node, count: count, json: json)
    let output = followedOutput()
    let words = try await interruptible { try job.run(output) }
    StandardStream.error.print(words)
  }
}
