internal import ArgumentParser
import Foundation
import Pipelines

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Say in a sentence why a run is as slow as it is, or why it ended, and what to do.",
    discussion: "  holstream why runs/quickstart/1")

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String
  @Flag(help: "Answer with a JSON object: the state of the run, and `why`.") var json = false

  func run() throws {
    let directory = RunDirectory(URL(filePath: folder))
    let state = try RunState(of: directory)
    try StandardStream.output.printResult(json ? state.json(whyIn: directory) : state.why(in: directory))
  }
}
