internal import ArgumentParser
import Dashboard
import Foundation
import Pipelines
import Streams
import Synchronization

struct ViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Show the page of a run, or of all runs in a folder, from their logs.",
    discussion: """
        holstream view runs/quickstart/1
        holstream view runs/quickstart/1 --report report.html
        holstream view runs

      Serves the page until Ctrl-C. With --report the page is written as one file instead. Of a folder of runs, of those \
      that go on as well, the page has a table and their curves together, and leads to the page of each.
      """)

  @Argument(help: ArgumentHelp("A run's folder, or a folder of runs.", valueName: "run"), completion: .directory)
  var folder: String
  @Option(help: "Write the page as one file, and serve none.", completion: .file(extensions: ["html"]))
  var report: String?

  @OptionGroup var page: PageOptions

  func validate() throws {
    if !page.page, report == nil { throw ValidationError("--no-page leaves nothing to do but --report FILE.") }
  }

  func run() async throws {
    let url = URL(filePath: folder)
    if let report {
      let target = URL(filePath: report)
      try await interruptible { try RunReplay(url).write(to: target) { Report(title: $0, events: $1).html } }
      return
    }
    // One listener for reading and for serving: a second one after the first would hear nothing.
    let serving = Serving()
    let signals = StopSignals { serving.task.withLock { $0?.cancel() } }
    defer { withExtendedLifetime(signals) {} }
    let status = TerminalStatus()
    guard let server = try await server(of: url, status) else { return }
    let task = Task { try await server.run() }
    serving.task.withLock { $0 = task }
    // It may have been asked for while the logs were read.
    if Interruption.isRequested { task.cancel() }
    do { try await task.value } catch is CancellationError {}
  }

  private func server(of url: URL, _ status: TerminalStatus) async throws -> DashboardServer? {
    if FileManager.default.fileExists(atPath: url.appending(path: "pipeline.yaml").path) {
      let run = try await onThread { try Self.run(url) }
      return try page.server(of: run.events, title: run.title, best: run.best, status, run.graph)
    }
    // Fails now where there is no such folder.
    let first = try RunList(under: url)
    guard !first.entries.isEmpty else {
      throw ValidationError("there are no runs in \(folder), and it is none itself: it has no pipeline.yaml")
    }
    let gallery = RunGallery(title: folder) {
      ((try? RunList(under: url)) ?? first).entries.map { entry in
        .init(name: entry.run, facts: entry.facts(at: Date()), version: "\(entry.state.updated ?? .distantPast)")
      }
    } open: { name in
      try? Self.run(URL(filePath: name))
    }
    return try page.server(
      of: EventHub(), title: folder, best: nil, status, { GraphSnapshot(nodes: [], edges: []) }, gallery: gallery)
  }

  /// A run made again from its logs; when each event was told they do not say.
  private static func run(_ url: URL) throws -> RunGallery.Run {
    let replay = try RunReplay(url)
    let events = EventHub(clock: { nil })
    for event in replay.events { events.send(event) }
    return .init(title: replay.title, events: events, best: replay.bestCheckpoint, graph: { replay.graph })
  }
}

/// What signals end, once there is one.
private final class Serving: Sendable {
  let task = Mutex<Task<Void, any Error>?>(nil)
}
