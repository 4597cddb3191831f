internal import ArgumentParser
import Foundation
import Pipelines

struct SealCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal",
    abstract: "Gather the chunks of a finished store into shards: few large files, the same bytes.",
    discussion: """
        holstream seal runs/quickstart/1/trajectories.zarr
        holstream seal trajectories.zarr --out archive/trajectories.zarr

      Nothing is compressed anew, every chunk is checked on the way, and zarr-python, tensorstore and xarray open the \
      result as they opened the store. Programs that have the store open must open it again. A sealed store cannot be \
      appended to until --undo has put the chunks into files of their own again.
      """)

  @Argument(help: "A store that nobody writes to any more.", completion: .directory) var store: String
  @Option(
    name: .customLong("out"), help: "Leave the store as it is and write the sealed one here.", completion: .directory)
  var output: String?

  @Flag(help: "Put the chunks of a sealed store into files of their own again.") var undo = false

  func validate() throws {
    if undo && output != nil { throw ValidationError("--undo works in place; leave --out away.") }
  }

  func run() async throws {
    let job = SealJob(url: URL(filePath: store), target: output.map { URL(filePath: $0) }, isUndone: undo)
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}
