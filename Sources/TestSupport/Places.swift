public import Foundation

/// Where tests find data and leave files.
public enum Places {
  /// The package's root folder.
  public static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Small golden data that belongs to the package.
  public static let data = package.appending(path: "data")

  /// Golden data that only some machines have, unpacked by `tools/test` from `../shared/golden/*.npz`, one folder of
  /// `.npy` files an archive. Nil where it is missing: tests that need it are skipped by a trait,
  /// `.enabled(if: Places.golden("…") != nil)`.
  public static func golden(_ archive: String) -> URL? {
    existing(package.appending(path: ".build/golden/\(archive)"))
  }

  /// A file of the same golden folder that needs no unpacking.
  public static func goldenFile(_ name: String) -> URL? {
    existing(package.deletingLastPathComponent().appending(path: "shared/golden/\(name)"))
  }

  /// The Python of the test environment with zarr, tensorstore and safetensors, when `tools/test` has made it.
  public static let python = existing(package.appending(path: ".venv/bin/python"))

  public static var hasPython: Bool { python != nil }

  private static func existing(_ url: URL) -> URL? {
    FileManager.default.fileExists(atPath: url.path) ? url : nil
  }
}

/// Runs `body` with a new empty folder and removes it afterwards.
public func withTemporaryDirectory<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let url = FileManager.default.temporaryDirectory.appending(path: "holstream-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try await body(url)
}

/// Runs a program to its end.
/// - Returns: Its exit status and everything it printed on both outputs.
public func run(_ executable: URL, _ arguments: [String], in directory: URL? = nil) throws -> (
  status: Int32, output: String
) {
  let process = Process()
  process.executableURL = executable
  process.arguments = arguments
  if let directory { process.currentDirectoryURL = directory }
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
