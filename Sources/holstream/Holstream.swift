import ArgumentParser

@main
struct Holstream: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "holstream")
}
