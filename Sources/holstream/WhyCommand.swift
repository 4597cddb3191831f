internal import ArgumentParser
import Foundation
import Pipelines

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Say in a sentence why a run is as slow as it is, or why it ended, and what to do.",
    discussion: "  holstream why runs/quickstart/1")

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String

  func run() throws {
    let directory = RunDirectory(URL(filePath: folder))
    try StandardStream.output.printResult(try RunState(of: directory).why(in: directory))
  }
}
