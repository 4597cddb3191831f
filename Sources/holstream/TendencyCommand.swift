internal import ArgumentParser
import Foundation
import Pipelines

struct TendencyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tendency",
    abstract: "Compute what a system's equations say of stored states: forces, densities, derivatives.",
    discussion: """
      Of the square-lattice Holstein model the arrays `force` and `density`, of any other system `tendency_…` of each field:

        holstream tendency --from quench.zarr --out forces.zarr
        holstream tendency --from quench.zarr --set engine=windowed --set radius=3 --out windowed.zarr

      A force field that was learnt takes the equations' place, at the charge that the system's `ensemble` says:

        holstream tendency --from quench.zarr --checkpoint field.safetensors --out learned.zarr

      A store of this program says itself what system it is of, and --set changes a key of it. Of other programs' stores \
      with arrays over trajectory, time, … the system must be named; what a key does not give is taken from the store's \
      attributes of the same name (`g`, `temperature`, …), else it is the system's default:

        holstream tendency --from others.zarr --system holstein-square --set temperature=0.1 --out forces.zarr
      """)

  @Option(name: .customLong("from"), help: "Store of states.", completion: .directory) var origin: String
  @Option(help: "Word of the system; what the store says when left out.") var system: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A key of the system; may be repeated.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "Force field to ask in place of the equations.", completion: .file(extensions: ["safetensors"]))
  var checkpoint: String?
  @Option(help: "Store to write; must not exist.", completion: .directory) var out: String

  func run() async throws {
    let job = TendencyJob(
      origin: URL(filePath: origin), system: system, settings: settings,
      checkpoint: checkpoint.map { URL(filePath: $0) },
      output: URL(filePath: out))
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}
