internal import Foundation

/// A program of the system that does one thing, such as `tar`.
struct Tool {
  let name: String

  init(_ name: String) { self.name = name }

  /// Runs it to its end in a folder.
  /// - Returns: What it wrote on standard output.
  /// - Throws: `RunError` where it is not there, and with its own words when it fails.
  func run(_ arguments: [String], in folder: URL) throws -> String {
    let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map(String.init)
    guard
      let path = paths.map({ "\($0)/\(name)" }).first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else { throw RunError(.missing, "the program `\(name)` is missing: apt-get install coreutils tar") }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    do { try process.run() } catch { throw RunError(.missing, "cannot start \(path): \(error.localizedDescription)") }
    // What it says of errors is short and waits in the pipe.
    let said = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let words = String(decoding: complaint, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      throw RunError(.unwritable, "\(name) failed: \(words)")
    }
    return String(decoding: said, as: UTF8.self)
  }
}
