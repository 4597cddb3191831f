internal import Disk
internal import Foundation

/// What a worker may do: judge or simulate the configurations that it was told, or any; fetch files with a token.
struct WorkerAccess: Sendable {
  /// SHA-256 of the pipeline files that it works for; nil for any.
  var configurations: Set<String>?
  /// What the trainer's page asks for.
  var token: String?

  /// Why a configuration is not worked for; nil where it is.
  func reason(against configuration: String) -> String? {
    guard let configurations, !configurations.contains(configuration) else { return nil }
    return
      "work for the configuration \(configuration.prefix(12))… is offered, which is not the one that this worker was given"
  }

  /// Copies a checkpoint here, from the disk where it is shared, else from the trainer's page. The copy is what was hashed.
  /// - Returns: Why it could not be had; nil where it was.
  func fetch(_ reference: JudgeTask.Reference, to file: URL) -> String? {
    try? FileManager.default.removeItem(at: file)
    let source = URL(filePath: reference.path)
    let values = try? source.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
    if values?.isRegularFile == true, values?.fileSize == reference.bytes,
      (try? FileManager.default.copyItem(at: source, to: file)) != nil, isSound(file, reference)
    {
      return nil
    }
    try? FileManager.default.removeItem(at: file)
    guard let address = reference.address else {
      return
        "\(reference.path) is not here as it was announced; share the disk, or start the run with --announce and its page's address"
    }
    guard ["http://", "https://"].contains(where: { address.hasPrefix($0) }),
      !address.contains(where: { $0.isNewline || $0 == "\"" || $0 == "\\" })
    else {
      return "the address of \(reference.name) is none"
    }
    if let reason = download(address, reference.bytes, to: file) {
      return "\(reference.name) could not be fetched: \(reason)"
    }
    return isSound(file, reference) ? nil : "what the page gave for \(reference.name) is not what was announced"
  }

  private func isSound(_ file: URL, _ reference: JudgeTask.Reference) -> Bool {
    (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize == reference.bytes
      && (try? Fingerprint.of(contentsOf: file)) == reference.sha256
  }

  /// By the program `curl`, which is told the token by its standard input: other users see its arguments.
  private func download(_ address: String, _ bytes: Int, to file: URL) -> String? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "curl", "--config", "-", "--silent", "--show-error", "--fail", "--max-time", "600", "--connect-timeout", "20",
      "--retry", "2", "--max-filesize", "\(max(1, bytes))", "--output", file.path,
    ]
    let (input, said) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = said
    do { try process.run() } catch { return "curl could not be started: \(error.localizedDescription)" }
    var words = "url = \"\(address)\"\n"
    if let token, !token.contains(where: { $0.isNewline || $0 == "\"" || $0 == "\\" }) {
      words += "header = \"Authorization: Bearer \(token)\"\n"
    }
    try? input.fileHandleForWriting.write(contentsOf: Data(words.utf8))
    try? input.fileHandleForWriting.close()
    let reason = String(decoding: said.fileHandleForReading.readDataToEndOfFile().prefix(500), as: UTF8.self)
    process.waitUntilExit()
    switch process.terminationStatus {
    case 0: return nil
    case 127: return "there is no curl (Debian: apt-get install curl)"
    default: return reason.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
