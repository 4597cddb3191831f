internal import ArgumentParser
import Dashboard
import Foundation
import Pipelines
import Streams
import Synchronization

struct ViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Show the page of a run that has ended, from its logs.",
    discussion: """
        holstream view runs/quickstart/1
        holstream view runs/quickstart/1 --report report.html

      Serves the page until Ctrl-C. With --report the page is written as one file instead.
      """)

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String
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
    // When each was told the logs do not say.
    let events = EventHub(clock: { nil })
    let replay = try await onThread { try RunReplay(url) }
    for event in replay.events { events.send(event) }
    let status = TerminalStatus()
    let server = try page.server(of: events, title: replay.title, best: replay.bestCheckpoint, status) { replay.graph }
    guard let server else { return }
    let task = Task { try await server.run() }
    serving.task.withLock { $0 = task }
    // It may have been asked for while the logs were read.
    if Interruption.isRequested { task.cancel() }
    do { try await task.value } catch is CancellationError {}
  }
}

/// What signals end, once there is one.
private final class Serving: Sendable {
  let task = Mutex<Task<Void, any Error>?>(nil)
}
