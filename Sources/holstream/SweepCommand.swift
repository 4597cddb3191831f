internal import ArgumentParser
import Foundation
import Pipelines

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Run a pipeline for every combination of some keys' values, with a table at the end.",
    discussion: """
        holstream sweep pipelines/lorenz-63.yaml --over seed=1,2,3
        holstream sweep pipelines/lorenz-63.yaml --over seed=1,2 --over stages.train.online-trainer.model.width=64,128 \
      --at-once 2

      Each run is a process of its own, in a numbered folder of the sweep's; all are checked before the first begins. \
      Side by side, each trainer gets its share of the cores, which changes no number. Ctrl-C stops the runs that go on \
      cleanly; --resume with the sweep's --directory goes on.
      """)

  @OptionGroup var file: PipelineFileOptions

  @Option(
    help: ArgumentHelp("A key and its values; may be repeated, for every combination.", valueName: "path=a,b,c"))
  var over: [String]

  @Option(help: "Runs that go on side by side.") var atOnce = 1
  @Option(help: "The sweep's folder; the next number beside the pipeline's runs when left out.", completion: .directory)
  var directory: String?
  @Option(
    help: ArgumentHelp(
      "Have the runs run by workers (`holstream worker --sweep`) that share the sweep's folder.", valueName: "address"))
  var workers: String?
  @OptionGroup var transport: TransportOptions
  @Flag(help: "Go on with the sweep in --directory: complete runs stay.") var resume = false
  @Flag(help: "Answer with a JSON array, an object a run.") var json = false

  func run() async throws {
    let job = try SweepJob(
      URL(filePath: file.pipeline), over: over, overrides: file.overrides,
      directory: directory.map { URL(filePath: $0) },
      resuming: resume, atOnce: atOnce, program: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath(),
      workers: try workers.map { try transport.open($0) })
    let signals = StopSignals()
    defer { withExtendedLifetime(signals) {} }
    let result = try await job.run()
    try StandardStream.output.printResult(
      json ? result.json : result.table(width: StandardStream.output.size?.columns))
    if !result.isComplete { throw ExitCode(1) }
  }
}
