internal import ArgumentParser
import Foundation
import Pipelines

struct FitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Learn a model from a store, whatever its arrays over (trajectory, time, …).",
    discussion: """
      The store is ours, or one that zarr-python or xarray wrote. Families and their keys: holstream models. Training has \
      the keys of `online-trainer` (holstream components online-trainer):

        holstream fit --from truth.zarr --family mlp --set width=64 --set batches=4000 --out model.safetensors
        holstream fit --from truth.zarr --family linear-regression --out model.safetensors
        holstream predict --checkpoint model.safetensors --from held-out.zarr --frame 0 --steps 500 --out rollout.zarr
        holstream climate held-out.zarr rollout.zarr

      A force field learns the forces that a store keeps beside its states, that the system's equations give, or that are in \
      a store of their own, as `holstream tendency` writes them:

        holstream tendency --from quench.zarr --set ensemble=grand-canonical --out forces.zarr
        holstream fit --from quench.zarr --labels forces.zarr --family gnn-direct --out field.safetensors

      Every eighth trajectory is left out, and its loss told at the end; with fewer than eight nothing is.
      """)

  @Option(name: .customLong("from"), help: "Store to learn from.", completion: .directory) var origin: String
  @Option(help: "Store of forces that a force field learns.", completion: .directory) var labels: String?
  @Option(help: "Family of the model.") var family: String
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A key of the family or of its training; may be repeated.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "Seed of weights, noise and batches.") var seed: UInt64 = 1
  @Option(help: "Checkpoint to write.", completion: .file(extensions: ["safetensors"])) var out: String

  func run() async throws {
    let job = FitJob(
      origin: URL(filePath: origin), labels: labels.map { URL(filePath: $0) }, family: family, settings: settings,
      seed: seed, output: URL(filePath: out))
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}
