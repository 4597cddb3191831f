internal import ArgumentParser
import Foundation
import Pipelines

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a pipeline file without running it: every key, every edge.",
    discussion:
      "Prints the pipeline as a tree when it is sound, and everything that is wrong, with line and column, when not.")

  @OptionGroup var file: PipelineFileOptions

  func run() throws {
    try StandardStream.output.printResult("\(try file.description().tree)\n\(file.pipeline) is sound.")
  }
}

struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show a pipeline as a tree, or as a Mermaid flow chart for a document.")

  @OptionGroup var file: PipelineFileOptions
  @Flag(help: "Print Mermaid.") var mermaid = false

  func run() throws {
    let description = try file.description()
    try StandardStream.output.printResult(mermaid ? description.mermaid : description.tree)
  }
}

struct ComponentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "components",
    abstract: "List what a pipeline can be made of, or the keys of one component.",
    discussion: "For example: holstream components online-trainer")

  @Argument(help: "A component; all when left out.") var word: String?

  func run() throws { try StandardStream.output.printResult(try ComponentGuide(word)) }
}

struct PipelineFileOptions: ParsableArguments {
  @Argument(help: "The pipeline file.", completion: .file(extensions: ["yaml", "yml"]))
  var pipeline: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key of the file; may be repeated.", valueName: "path=value"))
  var overrides: [String] = []

  func description() throws -> PipelineDescription {
    try PipelineDescription(contentsOf: URL(filePath: pipeline), overrides: overrides)
  }
}
