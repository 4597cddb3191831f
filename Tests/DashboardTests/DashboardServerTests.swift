import Foundation
import Streams
import Synchronization
import TestSupport
import Testing

@testable import Dashboard

@Suite("The page's server")
struct DashboardServerTests {
  /// Runs the server and `body` beside it, with the address that was announced.
  private func serving(
    _ hub: EventHub, port: UInt16 = 0, _ body: @Sendable @escaping (URL, String) async throws -> Void
  ) async throws {
    let (announced, continuation) = AsyncStream.makeStream(of: String.self)
    let server = try DashboardServer(
      .init(port: port), events: hub, title: "run", snapshot: { GraphSnapshot(nodes: [], edges: []) },
      announce: { continuation.yield($0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask {
        var addresses = announced.makeAsyncIterator()
        let sentence = try #require(await addresses.next())
        let link = try #require(sentence.firstMatch(of: #/http:\S+/#)?.0)
        let url = try #require(URL(string: String(link)))
        try await body(url, sentence)
      }
      try await group.next()
      group.cancelAll()
    }
  }

  /// Fetches by curl, on a thread of its own: the server needs the others.
  private func fetch(_ url: URL, _ arguments: [String] = []) async throws -> String {
    let thread = ThreadExecutor(name: "curl")
    defer { thread.end() }
    return try await Task(executorPreference: thread) {
      try run(URL(filePath: "/usr/bin/curl"), ["--silent", "--max-time", "20"] + arguments + [url.absoluteString])
        .output
    }.value
  }

  @Test("Answers at the port it announces", .timeLimit(.minutes(1)))
  func anyPort() async throws {
    let hub = EventHub()
    try await serving(hub) { url, sentence in
      #expect(sentence.contains(url.absoluteString))
      #expect(url.host() == "127.0.0.1")
      let page = try await fetch(url)
      #expect(page.contains("<title>run"))
    }
  }

  @Test("Takes the next free port when the wanted one is in use, and says so", .timeLimit(.minutes(1)))
  func nextPort() async throws {
    let hub = EventHub()
    try await serving(hub) { first, _ in
      let port = UInt16(try #require(first.port))
      try await serving(hub, port: port) { second, sentence in
        #expect(second.port != Int(port))
        #expect(sentence.contains("(port \(port) is in use)"))
        let page = try await fetch(second)
        #expect(page.contains("<title>run"))
      }
    }
  }

  @Test("Streams live events to a browser until the run ends", .timeLimit(.minutes(1)))
  func live() async throws {
    let hub = EventHub()
    try await serving(hub) { url, _ in
      async let stream = fetch(url.appending(path: "events"), ["--no-buffer"])
      for step in 0..<50 { hub.send(.training(step: step, values: ["loss": 1])) }
      hub.finish()
      let steps = try await stream.matches(of: #/"step":(\d+)/#).compactMap { Int($0.1) }
      #expect(steps == Array(0..<50))
    }
  }
}
