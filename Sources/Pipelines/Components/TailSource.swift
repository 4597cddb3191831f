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
  private let follows: Bool
  private let rescan: Duration

  init(_ section: ConfigurationSection) {
    path = section.shorthand ?? section.text("path", default: "", "The file; a name in .csv is read as CSV")
    columns = section.optionalText("columns", "The numbers to read, with commas; all of them when left out")?
      .split(separator: ",").map(\.trimmingWhitespace)
    trajectory = section.text("trajectory", default: "trajectory", "The column that tells trajectories apart, if any")
    time = section.text("time", default: "time", "The column of the time; lines are counted where there is none")
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
    let state = Mutex(State(follower: LineFollower(url), parser: parser(url)))
    let watch = DirectoryWatch(url.deletingLastPathComponent(), timer: rescan, stop: assembly.graph.stop)
    let scans = Scans(watch.makeAsyncIterator())
    let (follows, events, stop, name) = (follows, assembly.events, assembly.graph.stop, url.lastPathComponent)
    let flow: Flow<Observation> = assembly.graph.source(node.id, kind: Self.word) {
      while !stop.isRequested {
        let (observation, message) = try state.withLock { try $0.next(name) }
        if let message { events.send(.message(message)) }
        if let observation { return observation }
        guard message == nil else { continue }
        guard follows, await scans.next() else { return nil }
      }
      return nil
    }
    return .observables(flow)
  }

  private func parser(_ url: URL) -> ObservationParser {
    ObservationParser(
      isCSV: url.pathExtension.lowercased() == "csv", columns: columns, trajectory: trajectory, time: time)
  }

  /// Reads what the file holds now, from its beginning.
  /// - Throws: Foundation's error when it cannot be read.
  func readThrough(_ body: (Observation) -> Void) throws {
    let url = URL(filePath: path)
    var state = State(follower: LineFollower(url), parser: parser(url))
    while true {
      let (observation, message) = try state.next(url.lastPathComponent)
      if let observation { body(observation) } else if message == nil { return }
    }
  }

  private struct State {
    var follower: LineFollower
    var parser: ObservationParser
    var ready: [String] = []
    var restarts = 0

    /// The next observation; nil when there is none yet. A line that is none gives a message.
    mutating func next(_ file: String) throws -> (Observation?, String?) {
      while true {
        if ready.isEmpty {
          ready = try follower.read().reversed()
          if follower.restarts != restarts {
            restarts = follower.restarts
            parser.restart()
            return (nil, "\(file) was replaced or cut short; reading it from its beginning")
          }
        }
        guard let line = ready.popLast() else { return (nil, nil) }
        switch parser.parse(line) {
        case .observation(let observation): return (observation, nil)
        case .header: continue
        case .refused(let reason):
          // The first of them and then ever fewer, so that a file of another kind does not flood the page.
          guard parser.refused & (parser.refused - 1) == 0 else { continue }
          return (nil, "\(file), line \(parser.line): \(reason) (\(parser.refused) such lines so far)")
        }
      }
    }
  }

  /// The watch's iterator, which one task alone uses.
  private final class Scans: @unchecked Sendable {
    private let iterator: DirectoryWatch.AsyncIterator
    init(_ iterator: DirectoryWatch.AsyncIterator) { self.iterator = iterator }
    func next() async -> Bool { await iterator.next() != nil }
  }
}
