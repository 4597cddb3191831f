import Foundation
import Streams
import Synchronization
import TestSupport
import Testing

@testable import Dashboard

@Suite("The page's server", .timeLimit(.minutes(15)))
struct DashboardServerTests {
  /// Runs the server and `body` beside it, with the address that was announced.
  func serving(
    _ hub: EventHub, port: UInt16 = 0, limits: HTTPLimits = HTTPLimits(), best: URL? = nil,
    _ body: @Sendable @escaping (URL, String) async throws -> Void
  ) async throws {
    let (announced, continuation) = AsyncStream.makeStream(of: String.self)
    var server = try DashboardServer(
      .init(port: port, best: best), events: hub, title: "run", snapshot: { GraphSnapshot(nodes: [], edges: []) },
      announce: { continuation.yield($0) })
    server.limits = limits
    let serving = server
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await serving.run() }
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
  func fetch(_ url: URL, _ arguments: [String] = []) async throws -> String {
    let thread = ThreadExecutor(name: "curl")
    defer { thread.end() }
    return try await Task(executorPreference: thread) {
      try run(URL(filePath: "/usr/bin/curl"), ["--silent", "--max-time", "20"] + arguments + [url.absoluteString])
        .output
    }.value
  }

  @Test("Answers at the port it announces")
  func anyPort() async throws {
    let hub = EventHub()
    try await serving(hub) { url, sentence in
      #expect(sentence.contains(url.absoluteString))
      #expect(url.host() == "127.0.0.1")
      let page = try await fetch(url)
      #expect(page.contains("<title>run"))
    }
  }

  @Test("Takes the next free port when the wanted one is in use, and says so")
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

  @Test("A file is sent as it is, however long, and a file that is cut short meanwhile is no whole one")
  func longFile() async throws {
    try await withTemporaryDirectory { folder in
      let (file, copy) = (folder.appending(path: "best.safetensors"), folder.appending(path: "copy"))
      let bytes = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
      try Data(bytes).write(to: file)
      try await serving(EventHub(), best: file) { url, _ in
        let best = url.appending(path: "best.safetensors")
        _ = try await fetch(best, ["--output", copy.path])
        #expect(try Data(contentsOf: copy) == Data(bytes))
        // More than 64 MiB, most of it a hole.
        #expect(truncate(file.path, 96 << 20) == 0)
        let size = try await fetch(best, ["--output", "/dev/null", "--write-out", "%{size_download}"])
        #expect(size == "\(96 << 20)")
        try await onThread {
          let client = try RawClient(url)
          client.send("GET /best.safetensors HTTP/1.1\r\nHost: localhost\r\n\r\n")
          client.read(until: "\r\n\r\n")
          // The socket's buffers hold less than the file: the rest is not there when it is wanted.
          #expect(truncate(file.path, 0) == 0)
          let answer = client.answer()
          #expect(answer.status == 200 && answer.body.utf8.count < 96 << 20)
        }
      }
    }
  }

  @Test("Streams live events to a browser until the run ends")
  func live() async throws {
    let hub = EventHub()
    try await serving(hub) { url, _ in
      async let stream = fetch(url.appending(path: "events"), ["--no-buffer"])
      for step in 0..<50 {
        hub.send(
          .point(
            .init(section: "s", title: "c", x: .init("step"), y: .init("y")), x: Double(step), values: ["y": 1]))
      }
      hub.finish()
      let steps = try await stream.matches(of: #/"x":(\d+)/#).compactMap { Int($0.1) }
      #expect(steps == Array(0..<50))
    }
  }

  @Test("An endless address, endless headers and endless silence are refused, and the page goes on")
  func boundedRequests() async throws {
    var limits = HTTPLimits()
    limits.headTime = .seconds(2)
    try await serving(EventHub(), limits: limits) { url, _ in
      try await onThread {
        let long = try RawClient(url)
        long.send("GET /" + String(repeating: "a", count: 65536))
        #expect(long.answer().status == 414)
        let manyBytes = try RawClient(url)
        manyBytes.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "b", count: 65536))
        #expect(manyBytes.answer().status == 431)
        let half = try RawClient(url)
        half.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
        #expect(half.answer().status == 408)
        let silent = try RawClient(url)
        #expect(silent.answer().status == 408)
        let body = try RawClient(url)
        body.send("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
        #expect(body.answer().status == 413)
        let twoHosts = try RawClient(url)
        twoHosts.send("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        #expect(twoHosts.answer().status == 400)
      }
      let page = try await fetch(url)
      #expect(page.contains("<title>run"))
    }
  }

  @Test("A request may come byte by byte; HEAD is answered without a body")
  func slowButWhole() async throws {
    try await serving(EventHub()) { url, _ in
      try await onThread {
        let client = try RawClient(url)
        for byte in "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" { client.send(String(byte)) }
        let answer = client.answer()
        #expect(answer.status == 200)
        #expect(answer.body.isEmpty)
      }
    }
  }

  @Test("However many connections are opened, a few are held, the rest is refused, and the page goes on afterwards")
  func manyConnections() async throws {
    var limits = HTTPLimits()
    limits.connections = 8
    limits.headTime = .seconds(3)
    try await serving(EventHub(), limits: limits) { url, _ in
      try await onThread {
        let clients = try (0..<100).map { _ in try RawClient(url) }
        let statuses = clients.map { $0.answer().status }
        #expect(Set(statuses).isSubset(of: [408, 503]))
        // Eight are held until their time is over; then, maybe, eight more of those that still waited at the door.
        #expect(statuses.prefix(8).allSatisfy { $0 == 408 })
        #expect(statuses.contains(503))
      }
      let page = try await fetch(url)
      #expect(page.contains("<title>run"))
    }
  }

  @Test("Only so many may follow the run; they are given the same bytes, and the others a refusal")
  func manyFollowers() async throws {
    let hub = EventHub()
    for number in 0..<500 { hub.send(.message("number \(number)")) }
    var limits = HTTPLimits()
    limits.streams = 3
    try await serving(hub, limits: limits) { url, _ in
      try await onThread {
        func follow() throws -> RawClient {
          let client = try RawClient(url)
          client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
          return client
        }
        let followers = try (0..<3).map { _ in
          let client = try follow()
          client.read(until: "number 499")
          return client
        }
        #expect(try follow().answer().status == 503)
        hub.send(.message("the last"))
        hub.finish()
        let bodies = followers.map { $0.answer().body }
        #expect(Set(bodies).count == 1)
        #expect(bodies[0].components(separatedBy: "data: ").count - 1 == 501)
      }
    }
  }

  @Test("Who follows the run and takes nothing is let go: what waits for a client is bounded")
  func unreadEvents() async throws {
    let hub = EventHub()
    var limits = HTTPLimits()
    limits.waitingBytes = 1 << 16
    let bound = limits.waitingBytes
    try await serving(hub, limits: limits) { url, _ in
      try await onThread {
        let client = try RawClient(url)
        client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read(until: "\r\n\r\n")
        // More at once than the system's own buffers and the bound together hold.
        let text = String(repeating: "x", count: 1 << 16)
        for _ in 0..<400 { hub.send(.message(text)) }
        let received = client.answer().body.utf8.count
        #expect(received < 400 * text.utf8.count)
        #expect(bound < 400 * text.utf8.count)
      }
      let page = try await fetch(url)
      #expect(page.contains("<title>run"))
    }
  }
}
