public import Foundation

/// The `holstream` program that was built beside the tests.
public struct BuiltProgram: Sendable {
  public let url: URL

  /// - Throws: When the program is not where the build puts it.
  public init() throws {
    let besideTests = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "holstream")
    let candidates =
      [besideTests] + ["debug", "release"].map { Places.package.appending(path: ".build/\($0)/holstream") }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw Missing()
    }
    url = found
  }

  struct Missing: Error, CustomStringConvertible {
    let description = "the holstream program is not built; run `swift build` first"
  }

  /// Runs the program to its end.
  public func callAsFunction(_ arguments: String..., in directory: URL? = nil) throws -> (status: Int32, output: String)
  {
    try run(url, arguments, in: directory)
  }

  /// Starts the program and returns at once; its output goes to `log`.
  public func start(_ arguments: [String], in directory: URL, log: URL) throws -> Process {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = directory
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let handle = try FileHandle(forWritingTo: log)
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    return process
  }
}

/// Runs a Python script with the readers of the test environment. Tests that do are `.enabled(if: Places.hasPython)`.
/// - Returns: Its exit status and what it printed.
/// - Throws: Where `tools/test` has not made the environment.
public func runPython(_ script: String, _ arguments: [String] = []) throws -> (status: Int32, output: String) {
  guard let python = Places.python else { throw MissingPython() }
  return try run(python, ["-c", script] + arguments)
}

struct MissingPython: Error, CustomStringConvertible {
  let description = "no .venv with zarr-python; tools/test makes it"
}
