internal import ArgumentParser
import Dashboard
import Foundation
import Pipelines

struct PackageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "package",
    abstract: "Make one archive of a run, to keep and to cite: stores, best checkpoint, configuration, provenance.",
    discussion: """
        holstream package runs/quickstart/1
        holstream package runs/quickstart/1 --out supplement.tar --no-stores

      A tar file with the stores sealed, the best checkpoint, the pipeline as it ran, logs, report, provenance.json, a \
      README and SHA256SUMS. The run itself is left as it is, and the same run gives the same bytes.
      """)

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String
  @Option(help: "The archive; <pipeline>-<number>.tar when left out.", completion: .file(extensions: ["tar"]))
  var out: String?
  @Flag(inversion: .prefixedNo, help: "Have the stores in it.") var stores = true

  func run() async throws {
    let job = PackageJob(
      URL(filePath: folder), output: out.map { URL(filePath: $0) }, includesStores: stores
    ) { Report(title: $0.title, events: $0.events).html }
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}
