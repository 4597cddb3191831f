internal import ArgumentParser
import Foundation
import Pipelines

struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster", abstract: "Start the broker that runs and workers on several machines meet at.",
    discussion: """
        holstream cluster up

      A folder that all machines share needs none: see `holstream worker --help` and docs/cluster.md.
      """,
    subcommands: [ClusterUpCommand.self])
}

struct ClusterUpCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Write the configuration of a NATS server with JetStream, and become that server.",
    discussion: """
        holstream cluster up
        holstream cluster up --address 0.0.0.0 --certificate node7.pem --key node7.key

      The server is Debian's (apt-get install nats-server); the clients need libnats3.4. Beyond loopback it asks for the \
      token that this command writes to FOLDER/token. What the server holds may be lost at any moment: runs offer their \
      work again. Ctrl-C ends it. Without any server, use a shared folder: spool:/FOLDER. docs/cluster.md.
      """)

  @Option(help: "Folder on a disk of this machine for configuration, token and store.", completion: .directory)
  var folder = "cluster"
  @Option(help: "Address to bind; 0.0.0.0 for all.") var address = "127.0.0.1"
  @Option(help: "Port.") var port = 4222
  @Option(help: "File with the server's certificate, for TLS.", completion: .file()) var certificate: String?
  @Option(help: "File with the certificate's key.", completion: .file()) var key: String?
  @Flag(help: "Let the token travel in the clear, on a network that you trust.") var withoutTls = false
  @Flag(help: "Ask for a token on loopback, too.") var withToken = false
  @Option(help: "The most that the server may keep on its disk.") var gigabytes = 10
  @Flag(help: "Write the configuration only.") var writeOnly = false

  func run() throws {
    let configuration = try BrokerConfiguration(
      URL(filePath: folder, directoryHint: .isDirectory), address: address, port: port, certificate: certificate,
      key: key, isPlain: withoutTls, hasToken: withToken, gigabytes: gigabytes)
    let written = try configuration.write()
    let (program, file): (String, String) = (BrokerConfiguration.program.path, written.file.path)
    StandardStream.output.print("\(written.words)\nThe server is \(program) -c \(file)")
    guard !writeOnly else { return }
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw RunError(.missing, "there is no \(program) (Debian: apt-get install nats-server)")
    }
    let words: [String] = [program, "-c", file]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) }
    arguments.append(nil)
    execv(program, &arguments)
    throw RunError(.missing, "\(program) could not be started: \(String(cString: strerror(errno)))")
  }
}
