internal import ArgumentParser
import Foundation
import Pipelines

struct ClimateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "climate",
    abstract: "Compare two stores: observables, their autocorrelation, and distances between the two climates.",
    discussion: """
      Both stores are read over the frames that all of their trajectories have. Divergent trajectories are reported, \
      never dropped. Without other word the observables of a state of up to 16 numbers are its components, and of a \
      known system the system's own.

        holstream climate truth.zarr model.zarr
        holstream climate truth.zarr model.zarr --observables "deltaRho, energy"
        holstream climate truth.zarr model.zarr --json > climate.json
        holstream climate truth.zarr model.zarr --modes 3
      """)

  @Argument(help: "The store that counts as truth.", completion: .directory) var truth: String
  @Argument(help: "The store to compare with it.", completion: .directory) var other: String
  @Option(help: "A store with as much other truth, for the noise floor; halves of the truth when left out.")
  var reference: String?
  @Option(help: "What to look at, with commas.") var observables: String?
  @Flag(help: "Print everything as JSON, arrays from lag 0.") var json = false
  @Option(help: "Longest lag of the autocorrelation, in frames; a quarter of the window when left out.") var lag: Int?
  @Option(
    help: "Also Koopman modes with their residuals, from products of up to so many observables; JSON: `koopman`.")
  var modes: Int?
  @Option(help: "First frame of the window.") var first: Int = 0

  func run() async throws {
    let job = ClimateJob(
      truth: URL(filePath: truth), other: URL(filePath: other), reference: reference.map { URL(filePath: $0) },
      firstFrame: first, maximumLag: lag,
      observables: observables?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }, modes: modes)
    try StandardStream.output.printResult(try await interruptible { try job.run(json: json) })
  }
}
