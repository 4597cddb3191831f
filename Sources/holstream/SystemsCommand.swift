internal import ArgumentParser
import Pipelines

struct SystemsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "systems",
    abstract: "List the systems that can be simulated, or the keys of one.",
    discussion: "For example: holstream systems lorenz-96")

  @Argument(help: "A system; all when left out.") var word: String?

  @Flag(help: "Answer with JSON.") var json = false

  func run() throws { try StandardStream.output.printResult(try CatalogueGuide.systems(word, json: json)) }
}

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List the families of models, or the keys of one.",
    discussion: "For example: holstream models mlp")

  @Argument(help: "A family; all when left out.") var word: String?

  @Flag(help: "Answer with JSON.") var json = false

  func run() throws { try StandardStream.output.printResult(try CatalogueGuide.models(word, json: json)) }
}
