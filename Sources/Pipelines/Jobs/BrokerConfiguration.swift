internal import Disk
public import Foundation

/// `holstream cluster up`: the configuration of a NATS server with JetStream, and who may use it.
///
/// Beyond this machine nobody is let in without a token, and the token does not travel in the clear unless that is asked for.
public struct BrokerConfiguration: Sendable {
  private let folder: URL
  private let address: String
  private let port: Int
  private let certificate: String?
  private let key: String?
  private let gigabytes: Int
  private let hasToken: Bool

  /// Debian's.
  public static let program = URL(filePath: "/usr/sbin/nats-server")

  /// - Parameters:
  ///   - folder: Where the configuration, the token and the store are; on a disk of this machine.
  ///   - certificate: File with the server's certificate in PEM, and `key` with its key; nil for no TLS.
  ///   - isPlain: Whether a token may travel without TLS.
  ///   - hasToken: Whether a token is asked for on loopback, too.
  ///   - gigabytes: The most that the store may hold.
  /// - Throws: `RunError` for an address that would be open to everyone, and for files that are not there.
  public init(
    _ folder: URL, address: String, port: Int, certificate: String?, key: String?, isPlain: Bool, hasToken: Bool,
    gigabytes: Int
  ) throws {
    let address = address == "localhost" ? "127.0.0.1" : address
    guard address.wholeMatch(of: #/[0-9A-Fa-f:.]+/#) != nil else {
      throw RunError(
        .usage, "--address takes a number such as 127.0.0.1 or 10.0.0.7, or 0.0.0.0 for all, got \(address)")
    }
    guard (1...65535).contains(port) else { throw RunError(.usage, "--port must be from 1 to 65535, got \(port)") }
    guard (1...100_000).contains(gigabytes) else { throw RunError(.usage, "--gigabytes must be at least 1") }
    guard (certificate == nil) == (key == nil) else {
      throw RunError(.usage, "--certificate and --key belong together")
    }
    let isLoopback = address == "::1" || address.hasPrefix("127.")
    guard isLoopback || certificate != nil || isPlain else {
      throw RunError(
        .usage,
        "beyond this machine the token would travel in the clear: give --certificate and --key for TLS, or say "
          + "--without-tls on a network that you trust")
    }
    for file in [certificate, key].compactMap(\.self) where !FileManager.default.isReadableFile(atPath: file) {
      throw RunError(.badInput, "cannot read \(file)")
    }
    self.folder = folder.standardizedFileURL
    self.address = address
    self.port = port
    self.certificate = certificate.map { URL(filePath: $0).standardizedFileURL.path }
    self.key = key.map { URL(filePath: $0).standardizedFileURL.path }
    self.gigabytes = gigabytes
    self.hasToken = hasToken || !isLoopback
  }

  /// The file with the token.
  public var tokenFile: URL { folder.appending(path: "token") }
  private var file: URL { folder.appending(path: "nats-server.conf") }

  /// In the broker's own language, without the token.
  func text(token: String?) -> String {
    func quoted(_ text: String) -> String {
      "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
    var lines = [
      "# Written by `holstream cluster up`.",
      "host: \(quoted(address))",
      "port: \(port)",
      "server_name: holstream",
      "max_payload: 1048576",
      "jetstream {",
      "  store_dir: \(quoted(folder.appending(path: "store").path))",
      "  max_file_store: \(gigabytes)G",
      "}",
    ]
    if let token { lines += ["authorization {", "  token: \(quoted(token))", "  timeout: 5", "}"] }
    if let certificate, let key {
      lines += ["tls {", "  cert_file: \(quoted(certificate))", "  key_file: \(quoted(key))", "  timeout: 5", "}"]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes the configuration, and the token where one is asked for and none is there.
  /// - Returns: The file, and what to type on other machines.
  /// - Throws: `RunError` for a folder that cannot be written.
  public func write() throws -> (file: URL, words: String) {
    let manager = FileManager.default
    do {
      // The token is for who started it alone.
      try manager.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw RunError(.unwritable, "cannot make \(folder.path): \(error.localizedDescription)")
    }
    var token: String?
    if hasToken {
      let known = (try? String(contentsOf: tokenFile, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
      if let known, !known.isEmpty {
        token = known
      } else {
        var generator = SystemRandomNumberGenerator()
        token = (0..<4).map { _ in String(generator.next() as UInt64, radix: 36) }.joined()
        try writePrivately(token! + "\n", to: tokenFile)
      }
    }
    try writePrivately(text(token: token), to: file)
    let host = ["0.0.0.0", "::"].contains(address) ? ProcessInfo.processInfo.hostName : address
    let url = "\(certificate == nil ? "nats" : "tls")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    var words = """
      holstream run PIPELINE.yaml --judges \(url) --simulators \(url)
      holstream worker --judge \(url)
      holstream worker --simulate \(url)
      """
    if token != nil {
      words += "\nEach with --token-file and a copy of \(tokenFile.path), which nobody else should read."
    }
    return (file, words)
  }

  private func writePrivately(_ text: String, to file: URL) throws {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else {
      throw RunError(.unwritable, "cannot write \(file.path): \(String(cString: strerror(errno)))")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do { try handle.write(contentsOf: Data(text.utf8)) } catch {
      throw RunError(.unwritable, "cannot write \(file.path): \(error.localizedDescription)")
    }
  }
}
