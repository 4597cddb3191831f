internal import ArgumentParser
import Foundation
import Pipelines

struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Roll a trained model out from a frame of every trajectory in a store.",
    discussion: """
      The model sees nothing but its own last prediction. Checkpoints of the published reference code, converted to \
      safetensors with their state_dict names and model_kwargs, work as well as ours.

        holstream predict --checkpoint step-00010000.safetensors --from truth.zarr --frame 0 --frames 300 --out model.zarr
      """)

  @Option(help: "Model to roll out.", completion: .file(extensions: ["safetensors"])) var checkpoint: String
  @Option(name: .customLong("from"), help: "Store whose frames are the initial states.", completion: .directory)
  var origin: String
  @Option(help: "Frame to start from, counted from 0; the last one when left out.") var frame: Int?
  @Option(
    name: [.customLong("frames"), .customLong("steps")],
    help: "Number of predicted frames after the first, a step of the model each.")
  var steps: Int
  @Option(help: "Store to write; must not exist.", completion: .directory) var out: String

  func run() async throws {
    let job = PredictJob(
      checkpoint: URL(filePath: checkpoint), origin: URL(filePath: origin), frame: frame, steps: steps,
      output: URL(filePath: out))
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}
