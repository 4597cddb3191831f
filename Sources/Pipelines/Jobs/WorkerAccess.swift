internal import Disk
internal import Foundation
internal import Tensors

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

  /// Why work whose bits matter is left to others; nil where it is not.
  /// - Parameters:
  ///   - arithmetic: Whose bits are wanted.
  ///   - what: `verdicts` or `frames`.
  func reason(against configuration: String, wanting what: String, by arithmetic: String) -> String? {
    if arithmetic != Arithmetic.current.id {
      return
        "\(what) are wanted with the bits of \(arithmetic), and this machine computes those of "
        + "\(Arithmetic.current.id); with --arithmetic portable on all machines they are the same"
    }
    return reason(against: configuration)
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
    guard WebRequest.canGo(to: address),
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

  private func download(_ address: String, _ bytes: Int, to file: URL) -> String? {
    var settings: [(name: String, text: String)] = []
    if let token, !token.contains(where: \.isNewline) { settings.append(("header", "Authorization: Bearer \(token)")) }
    let request = WebRequest(
      to: address, settings,
      options: [
        "--max-time", "600", "--connect-timeout", "20", "--retry", "2", "--max-filesize", "\(max(1, bytes))",
        "--output", file.path,
      ])
    let process = Process()
    process.executableURL = WebRequest.program
    process.arguments = request.arguments
    let (input, said) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = said
    do { try process.run() } catch { return "curl could not be started: \(error.localizedDescription)" }
    try? input.fileHandleForWriting.write(contentsOf: request.input)
    try? input.fileHandleForWriting.close()
    let reason = String(decoding: said.fileHandleForReading.readDataToEndOfFile().prefix(500), as: UTF8.self)
    process.waitUntilExit()
    switch process.terminationStatus {
    case 0: return nil
    case WebRequest.missing.status: return WebRequest.missing.words
    default: return reason.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
}
