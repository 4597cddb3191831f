import Foundation
import Streams
import TestSupport
import Testing

@testable import Dashboard

/// What was tried against the page's server; `docs/reliability.md` has the table.
extension DashboardServerTests {
  @Test(
    "What two readers of HTTP could understand differently is refused, and what follows it is never answered",
    arguments: [
      ("Host: localhost\r\nHost: localhost\r\n", 400), ("Host: localhost\r\n folded: yes\r\n", 400),
      ("Host: localhost\r\nX: a\rY: b\r\n", 400), ("Host: localhost\r\nX: a\nY: b\r\n", 400),
      ("Host: localhost\r\nX: a\0b\r\n", 400), ("Host : localhost\r\n", 400), ("Host: localhost\r\nX[]: a\r\n", 400),
      ("Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n", 413),
      ("Host: localhost\r\nTransfer-Encoding: identity\r\n", 413),
      ("Host: localhost\r\nContent-Length: 0\r\nContent-Length: 40\r\n", 413), ("X: no host\r\n", 400),
      ("Host: localhost\r\n", 200),
    ])
  func smuggling(headers: String, status: Int) async throws {
    try await serving(EventHub()) { url, _ in
      try await onThread {
        let client = try RawClient(url)
        client.send("GET /metrics HTTP/1.1\r\n\(headers)\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let answer = client.answer()
        #expect(answer.status == status)
        #expect(!answer.body.contains("HTTP/1.1") && !answer.body.contains("smuggled"))
      }
    }
  }

  @Test("An absolute address, lines that end in LF alone and a method that is no name are refused")
  func requestLines() async throws {
    var limits = HTTPLimits()
    limits.headTime = .seconds(2)
    try await serving(EventHub(), limits: limits) { url, _ in
      try await onThread {
        for (text, status) in [
          ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
          ("GET / HTTP/1.1\nHost: localhost\n\n", 408),
          ("G\u{7F}T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400), ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
          ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n\r\n", 400),
        ] {
          let client = try RawClient(url)
          client.send(text)
          #expect(client.answer().status == status, "\(text)")
        }
      }
    }
  }

  @Test("A request whose headers come byte by byte is let go when its time is over, however busy it looks")
  func drip() async throws {
    var limits = HTTPLimits()
    limits.headTime = .seconds(1)
    try await serving(EventHub(), limits: limits) { url, _ in
      try await onThread {
        let client = try RawClient(url)
        let head = "GET / HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X: y\r\n", count: 60)
        // A byte each 100 ms would need 40 seconds.
        #expect(client.drip(head, every: 100) < head.count)
        #expect(client.answer().status == 408)
      }
    }
  }

  @Test("Who asks for much and reads nothing is let go, and makes room for others")
  func unreadAnswer() async throws {
    let hub = EventHub()
    // More than the system's own buffers hold.
    for _ in 0..<48 { hub.send(.message(String(repeating: "x", count: 1 << 20))) }
    var limits = HTTPLimits()
    limits.connections = 1
    limits.responseTime = .seconds(1)
    try await serving(hub, limits: limits) { url, _ in
      try await onThread {
        let reader = try RawClient(url)
        reader.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reader.read(until: "HTTP/1.1 200")
        var status: Int?
        while status != 200 {
          let next = try RawClient(url)
          next.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
          status = next.answer().status
          #expect(status == 200 || status == 503 || status == nil)
        }
        #expect(reader.answer().body.utf8.count < 48 << 20)
      }
    }
  }

  @Test("Who ends one direction after the request is answered all the same; who follows and does so is let go")
  func halfClosed() async throws {
    let hub = EventHub()
    hub.send(.message("remembered"))
    try await serving(hub) { url, _ in
      try await onThread {
        let client = try RawClient(url)
        client.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.endSending()
        let answer = client.answer()
        #expect(answer.status == 200 && answer.body.contains("remembered"))
        let follower = try RawClient(url)
        follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        follower.read(until: "remembered")
        follower.endSending()
        // The run goes on; the answer ends.
        #expect(follower.answer().status == 200)
      }
    }
  }

  @Test("Few descriptors mean few connections: the run needs the others")
  func descriptors() {
    #expect(HTTPLimits().fitting(descriptors: 1024).connections == 64)
    #expect(HTTPLimits().fitting(descriptors: 256).connections == 32)
    #expect(HTTPLimits().fitting(descriptors: 64).connections == 8)
    #expect(HTTPLimits().fitting(descriptors: 0).connections == 2)
    for descriptors in [0, 64, 256, 1 << 40] {
      let limits = HTTPLimits().fitting(descriptors: descriptors)
      #expect(limits.streams < limits.connections)
    }
  }
}
