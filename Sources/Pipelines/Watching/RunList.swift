public import Foundation
public import Streams

/// `holstream runs`: the runs under a folder, the newest first.
public struct RunList: Sendable {
  public struct Entry: Codable, Sendable {
    /// The run's folder.
    public var run: String
    public var state: RunState

    /// What a table tells of it, in the order of the columns.
    public func facts(at now: Date) -> [RunEvent.About.Fact] {
      [
        .init("state", state.phase.rawValue), .init("age", RunState.age(state.started ?? state.updated, at: now)),
        .init("step", state.stepWords), .init("best verdict", state.bestWords),
      ]
    }
  }

  public let entries: [Entry]

  /// Looks in the folder, in its folders and in theirs: `runs/<pipeline>/<number>`.
  ///
  /// - Throws: `RunError` where there is no such folder.
  public init(under folder: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw RunError(
        .badInput, "there is no folder \(folder.relativePath); runs are in `runs` unless the pipeline says else")
    }
    var found: [(entry: Entry, date: Date)] = []
    func look(_ url: URL, depth: Int) {
      let directory = RunDirectory(url)
      if let state = try? RunState(of: directory) {
        let date = state.updated ?? Self.changed(directory.file("pipeline.yaml"))
        found.append((Entry(run: directory.shown(), state: state), date))
        return
      }
      guard depth > 0 else { return }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
      for name in names.sorted() where !name.hasPrefix(".") {
        look(url.appending(path: name, directoryHint: .isDirectory), depth: depth - 1)
      }
    }
    look(folder, depth: 2)
    entries = found.sorted { ($0.date, $0.entry.run) > ($1.date, $1.entry.run) }.map(\.entry)
  }

  private static func changed(_ file: URL) -> Date {
    (try? file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate) ?? .distantPast
  }

  /// A row a run, for a terminal.
  /// - Parameter width: Characters of a line; nil where nobody counts them.
  public func table(at now: Date = Date(), width: Int? = nil) -> String {
    guard !entries.isEmpty else { return "There are no runs here yet." }
    return TextTable(
      head: ["run"] + entries[0].facts(at: now).map(\.name),
      rows: entries.map { [$0.run] + $0.facts(at: now).map(\.value) }
    ).text(width: width)
  }

  /// A JSON array with an object a run.
  public var json: String { (try? String(decoding: RunState.encoder.encode(entries), as: UTF8.self)) ?? "[]" }
}

extension RunState {
  /// `4000/9000`; empty where nothing is trained.
  var stepWords: String { step.map { step in steps.map { "\(step)/\($0)" } ?? "\(step)" } ?? "" }

  /// `step 4000: climate score 1.2`; empty where nothing was judged.
  var bestWords: String { best.map { "step \($0.step): \($0.measure) \($0.shortScore)" } ?? "" }
}
