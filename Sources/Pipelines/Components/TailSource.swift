internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization

/// A growing log of numbers that another program writes, as a stream of observables.
struct TailSource: Component, ReadingAgain {
  static let word = "tail"
  static let summary = "Follows a growing JSON-lines or CSV file through rotation and truncation."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .observables

  private let path: String
  private let columns: [String]?
  private let trajectory: String
  private let time: String
  private let needsTime: Bool
  private let needsTrajectory: Bool
  private let follows: Bool
  private let rescan: Duration

  init(_ section: ConfigurationSection) {
    path = section.shorthand ?? section.text("path", default: "", "The file; a name in .csv is read as CSV")
    columns = section.optionalText("columns", "The numbers to read, with commas; all of them when left out")?
      .split(separator: ",").map(\.trimmingWhitespace)
    trajectory = section.text("trajectory", default: "trajectory", "The column that tells trajectories apart, if any")
    time = section.text("time", default: "time", "The column of the time; lines are counted where there is none")
    needsTime = section.has("time")
    needsTrajectory = section.has("trajectory")
    follows = section.flag("follow", default: true, "Wait for more at the end of the file")
    rescan = section.duration("rescan", default: "500ms", "The file is looked at so often in any case")
    if path.isEmpty, section.has("path") || !section.names.isEmpty {
      section.problem("needs the path of a file", key: "path")
    }
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let url = URL(filePath: path)
    guard follows || FileManager.default.fileExists(atPath: url.path) else {
      throw RunError(
        .badInput, "tail \(node.id): \(path) does not exist; create it, or say `follow: true` to wait for it")
    }
    let state = Mutex(rows(url))
    let (events, stop) = (assembly.events, assembly.graph.stop)
    let watch = DirectoryWatch(url.deletingLastPathComponent(), timer: rescan, stop: stop) { events.send(.message($0)) }
    let scans = Scans(watch.makeAsyncIterator())
    let follows = follows
    let flow: Flow<Observation> = assembly.graph.source(node.id, kind: Self.word) {
      while true {
        let (observation, messages) = try state.withLock { rows -> (Observation?, [String]) in
          guard !stop.isRequested else { return (nil, rows.farewell()) }
          let observation = try rows.next(isComplete: !follows)
          return (observation, rows.takeMessages())
        }
        for message in messages { events.send(.message(message)) }
        if let observation { return observation }
        if stop.isRequested { return nil }
        guard follows else {
          for message in state.withLock({ $0.farewell() }) { events.send(.message(message)) }
          return nil
        }
        // The watch ends with the wish to stop, which the next turn sees, or with the task.
        let goesOn = await scans.next()
        if !goesOn, !stop.isRequested { return nil }
      }
    }
    return .observables(flow)
  }

  private func rows(_ url: URL) -> LogRows {
    LogRows(
      url,
      ObservationParser(
        isCSV: url.pathExtension.lowercased() == "csv", columns: columns, trajectory: trajectory, time: time,
        needsTime: needsTime, needsTrajectory: needsTrajectory))
  }

  /// Reads what the file holds now, from its beginning.
  /// - Throws: `RunError` when it cannot be read.
  func readThrough(_ body: (Observation) throws -> Void) throws {
    var rows = rows(URL(filePath: path))
    while let observation = try rows.next(isComplete: !follows) { try body(observation) }
  }

  /// The watch's iterator, which one task alone uses.
  private final class Scans: @unchecked Sendable {
    private let iterator: DirectoryWatch.AsyncIterator
    init(_ iterator: DirectoryWatch.AsyncIterator) { self.iterator = iterator }
    func next() async -> Bool { await iterator.next() != nil }
  }
}
