internal import ArgumentParser
import Foundation
import Pipelines

/// The command line: names, options and exit codes, no logic.
struct Holstream: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holstream",
    abstract: "Learn surrogate models of dynamics while the physics is simulated.",
    discussion: """
      A pipeline file names sources (a simulator, a store, a growing log), stages (an online trainer, a climate monitor, \
      verdicts on checkpoints) and sinks (a Zarr store, logs, the page), and `holstream run` streams frames through them:

        holstream run pipelines/quickstart.yaml

      The other commands are its parts, for a terminal:

        holstream simulate --preset shallow --sites 16 --trajectories 4 --steps 19200 --every 64 --out truth.zarr
        holstream fit --from truth.zarr --family cnn --out C.safetensors
        holstream predict --checkpoint C.safetensors --from truth.zarr --frame 0 --steps 300 --out model.zarr
        holstream climate truth.zarr model.zarr

      With --arithmetic portable, every command computes the same bits on every x86-64 processor, more slowly \
      (docs/arithmetic.md).

      Exit codes: 0 success, 3 stopped by a threshold, 64 wrong usage, 65 bad input data, 69 something missing on this machine, \
      73 something that cannot be written, 78 bad configuration, 130 interrupted.
      """,
    version: ProgramVersion.current.description,
    subcommands: [
      RunCommand.self, ValidateCommand.self, GraphCommand.self, ComponentsCommand.self, SystemsCommand.self,
      ModelsCommand.self, ExponentsCommand.self, SimulateCommand.self, FitCommand.self, PredictCommand.self,
      ClimateCommand.self,
      JudgeCommand.self, InspectCommand.self, SealCommand.self, TendencyCommand.self, ReplayStepCommand.self,
      SweepCommand.self, WorkerCommand.self, ClusterCommand.self, RunsCommand.self, TopCommand.self, WhyCommand.self,
      TapCommand.self, TailCommand.self,
      WatchCommand.self,
      ViewCommand.self, CompareCommand.self, PackageCommand.self,
    ])

  /// Does what the command line says, and returns when it is done.
  static func perform(_ arguments: [String]) async {
    do {
      var command = try parseAsRoot(Array(arguments.dropFirst()))
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      finish(with: error)
    }
  }

  /// Prints what went wrong and ends with the exit code that scripts rely on.
  static func finish(with error: any Error) -> Never {
    guard let code = ExitStatus(for: error) else { exit(withError: error) }
    StandardStream.error.print("holstream: \(error)")
    Foundation.exit(code.rawValue)
  }
}
