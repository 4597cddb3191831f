import Foundation
import Streams
import Trajectories

@testable import Pipelines
@testable import Zarr

/// Short runs of pipelines, and what they leave.
enum Runs {
  @discardableResult
  static func run(_ yaml: String, in folder: URL, set overrides: [String] = [], resuming: Bool = false) async throws
    -> (
      run: PipelineRun, summary: RunSummary
    )
  {
    let run = try PipelineRun(
      PipelineDescription(text: yaml, overrides: overrides), directory: folder, resuming: resuming)
    return (run, try await run.execute(status: TerminalStatus(isTerminal: false)))
  }

  static func messages(_ run: PipelineRun) -> [String] {
    run.events.history.compactMap { if case .message(let text) = $0 { text } else { nil } }
  }

  /// The lines of a log, each as it was written.
  static func lines(_ url: URL) throws -> [String] {
    var follower = JSONLinesFollower(url)
    var lines: [String] = []
    while case let items = try follower.read(), !items.isEmpty {
      for case .line(let line) in items { lines.append(line.object) }
    }
    return lines
  }

  /// Every file under a folder, by its path there.
  static func files(_ folder: URL) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    var files: [String: Data] = [:]
    for name in names {
      var isFolder: ObjCBool = false
      let url = folder.appending(path: name)
      _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      if !isFolder.boolValue { files[name] = try Data(contentsOf: url) }
    }
    return files
  }

  /// A copy of a store in which frames may be changed.
  static func copy(_ store: URL, to url: URL, _ change: (inout Frame) -> Void) throws {
    let source = try StoredTrajectories(store)
    let layout = TrajectoryStoreLayout(
      fields: source.reader.fields, framesPerChunk: 8, attributes: source.reader.attributes)
    let writer = try TrajectoryStoreWriter(creating: url, layout: layout)
    let plan = try StoreFields.Plan(layout.fields, of: source.layout, in: "copy")
    for trajectory in 0..<source.reader.trajectories {
      for frame in try source.frames(of: trajectory, 0..<source.reader.length(trajectory)) {
        var frame = frame
        change(&frame)
        try writer.append(frame, plan)
      }
    }
    try writer.close()
  }

  /// A store of these frames, in double precision.
  static func write(_ system: any SystemDescription, _ frames: [Frame], interval: Double = 1, to url: URL) throws {
    let layout = TrajectoryStoreLayout(
      fields: StoreFields.fields(of: system.layout, isSingle: false, withMids: false), framesPerChunk: 8,
      attributes: StoreFields.attributes(of: system, interval: interval))
    let writer = try TrajectoryStoreWriter(creating: url, layout: layout)
    let plan = try StoreFields.Plan(layout.fields, of: system.layout, in: "store")
    for frame in frames { try writer.append(frame, plan) }
    try writer.close()
  }
}
