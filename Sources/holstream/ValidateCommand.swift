internal import ArgumentParser
import Foundation
import Pipelines

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a pipeline file without running it: every key, every edge.",
    discussion: """
      Prints the pipeline as a tree when it is sound, and everything that is wrong, with line and column, when not.

        holstream validate pipelines/quickstart.yaml
        holstream validate pipelines/quickstart.yaml --set stages.train.online-trainer.batch=32
      """)

  @OptionGroup var file: PipelineFileOptions
  @Flag(help: "Answer with a JSON object: `sound`, and the `problems` with their places.") var json = false

  func run() throws {
    guard json else {
      return try StandardStream.output.printResult("\(try file.description().tree)\n\(file.pipeline) is sound.")
    }
    let validation = try PipelineValidation(URL(filePath: file.pipeline), overrides: file.overrides)
    try StandardStream.output.printResult(validation.json)
    if !validation.isSound { throw ExitCode(ExitStatus.badConfiguration.rawValue) }
  }
}

struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show a pipeline as a tree, or as a Mermaid flow chart for a document.",
    discussion: """
        holstream graph pipelines/quickstart.yaml
        holstream graph pipelines/quickstart.yaml --mermaid > quickstart.mmd
      """)

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

  @Flag(help: "Answer with JSON.") var json = false

  func run() throws {
    let guide = try ComponentGuide(word)
    try StandardStream.output.printResult(json ? guide.json : guide.description)
  }
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
