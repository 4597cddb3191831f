internal import Disk
public import Foundation

/// The folder of one run: `runs/<pipeline>/<number>`, with everything that the run leaves behind.
///
/// ```
/// pipeline.yaml        the pipeline as it ran, overrides applied
/// trajectories.zarr    what the simulator made
/// checkpoints/         step-00000500.safetensors, …
/// *.jsonl              metrics, climate, verdicts and events, a line each
/// arithmetic.txt       which machine code computed it, a line each time it was begun or gone on with elsewhere
/// report.html          the page as one file, for a machine without a browser
/// .run.lock            locked while a run is going on here; it names who runs
/// ```
public struct RunDirectory: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url.standardizedFileURL }

  /// The next free number under `parent`; the folder is made.
  public static func create(in parent: URL) throws -> RunDirectory {
    let manager = FileManager.default
    do {
      try manager.createDirectory(at: parent, withIntermediateDirectories: true)
      var number = (numbers(in: parent).max() ?? 0) + 1
      while true {
        let url = parent.appending(path: String(number), directoryHint: .isDirectory)
        do {
          try manager.createDirectory(at: url, withIntermediateDirectories: false)
          try WholeFile.synchronise(folder: parent.path)
          return RunDirectory(url)
        } catch CocoaError.fileWriteFileExists {
          number += 1  // Another run took the number between the look and the make.
        }
      }
    } catch {
      throw RunError(
        .unwritable, "cannot make a folder for the run in \(parent.relativePath): \(error.localizedDescription)")
    }
  }

  /// The run with the highest number under `parent`.
  /// - Throws: `RunError` when there is none.
  public static func latest(in parent: URL) throws -> RunDirectory {
    guard let number = numbers(in: parent).max() else {
      throw RunError(
        .nothingToResume, "there is no run to resume in \(parent.relativePath); leave --resume out to start one")
    }
    return RunDirectory(parent.appending(path: String(number), directoryHint: .isDirectory))
  }

  /// The run that was begun or gone on with last, of whatever pipeline: `parent/<pipeline>/<number>`.
  /// - Throws: `RunError` when there is none.
  static func newest(under parent: URL) throws -> RunDirectory {
    let manager = FileManager.default
    let pipelines = (try? manager.contentsOfDirectory(at: parent, includingPropertiesForKeys: nil)) ?? []
    let runs = pipelines.flatMap { (try? manager.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)) ?? [] }
    func date(_ run: URL) -> Date? {
      let file = run.appending(path: "pipeline.yaml")
      return try? file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
    }
    guard let found = runs.compactMap({ run in date(run).map { (run, $0) } }).max(by: { $0.1 < $1.1 })?.0 else {
      throw RunError(.badInput, "there is no run in \(parent.relativePath); name its folder with --run")
    }
    return RunDirectory(found)
  }

  private static func numbers(in parent: URL) -> [Int] {
    ((try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [])
      // A folder with a number that no run can follow is none of ours.
      .compactMap { Int($0) }.filter { (1...1 << 53).contains($0) }
  }

  /// What computed the run, one after the other; empty where it is not known.
  var arithmetic: [String] {
    ((try? String(contentsOf: file("arithmetic.txt"), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }

  /// Keeps other runs out of the folder as long as the lock lives.
  /// - Throws: `RunError` that names who runs in it.
  func lock() throws -> FileLock {
    do { return try FileLock(file(".run.lock").path) } catch let error as FileLock.Held {
      throw RunError(
        .unwritable,
        "\(shown()) is being run by \(error.holder); wait for it or stop it, or choose another --directory")
    }
  }

  public func file(_ name: String) -> URL { url.appending(path: name) }

  /// The path as people type it: relative to the current folder where that is shorter.
  public func shown(_ name: String = "") -> String { Self.shown(name.isEmpty ? url : file(name)) }

  static func shown(_ url: URL) -> String {
    let here = FileManager.default.currentDirectoryPath + "/"
    return url.path.hasPrefix(here) ? String(url.path.dropFirst(here.count)) : url.path
  }
}
