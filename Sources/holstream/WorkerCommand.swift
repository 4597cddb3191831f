internal import ArgumentParser
import Foundation
import Pipelines
import Transports

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Do work of runs on other machines: judge their checkpoints, simulate for them, run sweeps.",
    discussion: """
      A run that is started with --judges ADDRESS offers its checkpoints there; any number of workers judge them, each as \
      the run itself would, to the bit:

        holstream run pipelines/deep.yaml --judges spool:/shared/work
        holstream worker --judge spool:/shared/work

      Likewise a run with --simulators ADDRESS has its ensembles simulated by `holstream worker --simulate ADDRESS`: \
      trainer, store and page get the frames in the order, and with the bits, of a run that simulates itself.

      And `holstream sweep … --workers ADDRESS` has its runs run by `holstream worker --sweep ADDRESS`, in the sweep's \
      folder, which they share.

      An address is spool:/FOLDER, a folder that all machines share and write, or nats://HOST:4222, a NATS server with \
      JetStream (tls://HOST:4222 for an encrypted connection). Workers may come and go, be killed or stopped: what one \
      held is another's after thirty seconds. docs/cluster.md.
      """)

  @Option(help: ArgumentHelp("Judge checkpoints that are offered there.", valueName: "address")) var judge: String?
  @Option(help: ArgumentHelp("Simulate ensembles that are offered there.", valueName: "address")) var simulate: String?
  @Option(help: ArgumentHelp("Run runs of sweeps that are offered there.", valueName: "address")) var sweep: String?
  @Option(help: "Cores that a simulation may use.") var cores = 1
  @OptionGroup var transport: TransportOptions
  @Option(help: "The only pipeline file to work for, as the run has it; any when left out.", completion: .file())
  var pipeline: String?
  @Option(name: .customLong("set"), help: "Overrides of --pipeline, as the run was given them: path=value.")
  var overrides: [String] = []
  @Option(help: "Name under which runs show this worker; host and process when left out.") var name: String?
  @Option(help: "End after so many pieces of work.") var most: Int?
  @Option(help: ArgumentHelp("End when there was nothing to do for so long.", valueName: "seconds")) var idle: Int?

  func run() async throws {
    if let most, most < 1 { throw ValidationError("--most must be at least 1") }
    if let idle, idle < 1 { throw ValidationError("--idle must be at least 1") }
    let asked = [(WorkQueue.judge, judge), (.simulate, simulate), (.sweep, sweep)].compactMap { queue, address in
      address.map { (queue, $0) }
    }
    guard asked.count == 1, let (queue, address) = asked.first else {
      throw ValidationError(
        "say what to do, one of --judge, --simulate and --sweep with an ADDRESS; start a worker for each")
    }
    guard (1...256).contains(cores) else { throw ValidationError("--cores must be from 1 to 256") }
    let only = try pipeline.map { try PipelineDescription(contentsOf: URL(filePath: $0), overrides: overrides) }
    let job = WorkerJob(
      queue, at: try transport.open(address), name: name, pipeline: only,
      token: ProcessInfo.processInfo.environment["HOLSTREAM_TOKEN"], most: most, idle: idle.map { .seconds($0) },
      cores: cores)
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}

/// What an address needs beside itself.
struct TransportOptions: ParsableArguments {
  @Option(help: "File with the broker's token; HOLSTREAM_NATS_TOKEN is it when left out.", completion: .file())
  var tokenFile: String?
  @Option(help: "File with the certificates that are trusted at a tls:// address.", completion: .file()) var ca: String?
  @Option(
    help: ArgumentHelp(
      "How long work stays with a worker that is not heard of; the same for all.", valueName: "seconds"))
  var lease = 30

  /// - Throws: `TransportError`, or `RunError` for a file that cannot be read.
  func open(_ address: String) throws -> any Transport {
    guard (2...86_400).contains(lease) else { throw ValidationError("--lease must be from 2 to 86400 seconds") }
    var token = ProcessInfo.processInfo.environment["HOLSTREAM_NATS_TOKEN"]
    if let tokenFile {
      guard let text = try? String(contentsOf: URL(filePath: tokenFile), encoding: .utf8) else {
        throw RunError(.badInput, "cannot read the token in \(tokenFile)")
      }
      token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    if let ca, !FileManager.default.isReadableFile(atPath: ca) {
      throw RunError(.badInput, "cannot read the certificates in \(ca)")
    }
    return try TransportAddress(address).open(
      .init(token: token.flatMap { $0.isEmpty ? nil : $0 }, authority: ca), lease: .seconds(lease))
  }
}
