internal import ArgumentParser
import Pipelines

struct ExponentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exponents",
    abstract: "Lyapunov exponents of systems from their equations.",
    discussion: """
      For example: holstream exponents Lorenz Rossler
                   holstream exponents lorenz-96 --set sites=12 --most 12
                   holstream exponents           (all systems of the chaos benchmarks, as the table in docs/systems.md)

      Error bars are the scatter of the exponents of several trajectories. The Kaplan–Yorke dimension is told where all \
      exponents of a system are computed.
      """)

  @Argument(help: "Systems; all of the chaos benchmarks when left out.") var words: [String] = []
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A key of the systems; may be repeated.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "Trajectories, each with an average of its own.") var starts = 8
  @Option(help: "Frames of each average.") var frames = 20_000
  @Option(help: "Exponents of each system, the largest ones.") var most = 4
  @Option(help: "Seed of the initial states.") var seed: UInt64 = 1
  @Flag(help: "Tell means, deviations and the steps that a frame needs, too (with --json).") var survey = false
  @Flag(help: "A line of JSON for each system.") var json = false

  func run() async throws {
    let job = ExponentsJob(
      words: words, settings: settings, starts: starts, frames: frames, most: most, seed: seed, surveys: survey,
      json: json)
    try await interruptible { try job.run { StandardStream.output.print($0) } }
  }
}
