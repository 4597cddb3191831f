import Foundation
import Testing

@testable import Dashboard
@testable import Streams

/// Who may read the page; `docs/reliability.md` has the table.
extension DashboardRoutesTests {
  @Test(
    "A name that only looks like this machine's is refused, as DNS can give it any address",
    arguments: [
      "evil.example", "evil.example:8480", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example",
      "127.0.0.1@evil.example", "[::1].evil.example", "localhost:80:80", "localhost:x", "0.0.0.0:8480", "192.168.0.1",
      "",
      "localhost ", "127.0.0", "127.0.0.1/", "xlocalhost",
    ])
  func rebinding(host: String) throws {
    for path in ["/", "/events", "/metrics", "/api/state", "/report"] {
      #expect(try get(path, headers: ["host": host]).status == 403)
    }
  }

  @Test("The names and numbers of this machine are not refused")
  func own() throws {
    for host in ["localhost", "localhost:8480", "127.0.0.1", "127.0.0.1:8480", "127.0.0.2:1", "[::1]", "[::1]:8480"] {
      #expect(try get("/metrics", headers: ["host": host]).status == 200, "\(host)")
    }
  }

  @Test("What another site's page asks for through its visitor's browser is refused; a link to the page is followed")
  func crossOrigin() throws {
    let host = ["host": "127.0.0.1:8480"]
    func status(_ more: [String: String]) throws -> Int {
      try get("/events", headers: host.merging(more) { $1 }).status
    }
    for site in ["cross-site", "same-site"] {
      for mode in ["no-cors", "cors"] {
        #expect(try status(["sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": "empty"]) == 403)
      }
      #expect(try status(["sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"]) == 403)
      #expect(try status(["sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"]) == 200)
    }
    for origin in ["http://evil.example", "null", "http://127.0.0.1:8481", "http://evil.example/127.0.0.1:8480/x", ""] {
      #expect(try status(["origin": origin]) == 403, "\(origin)")
    }
    #expect(try status(["origin": "http://127.0.0.1:8480"]) == 200)
    #expect(try status(["sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"]) == 200)
    #expect(try status(["sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"]) == 200)
  }

  @Test("No answer may be read, framed or guessed at by another site, or tells where it was linked from")
  func headers() throws {
    for path in ["/", "/metrics", "/nothing"] {
      let response = try get(path).response
      #expect(response["Access-Control-Allow-Origin"] == nil)
      #expect(response["Cross-Origin-Resource-Policy"] == "same-origin")
      #expect(response["X-Content-Type-Options"] == "nosniff")
      #expect(response["Referrer-Policy"] == "no-referrer")
      #expect(response["Content-Security-Policy"]?.contains("frame-ancestors 'none'") == true)
    }
  }

  @Test("Beyond loopback nothing is told without the token, whatever name is asked for")
  func tokenEverywhere() throws {
    for address in ["0.0.0.0", "::", "192.168.1.7", "::ffff:127.0.0.1", "10.0.0.1"] {
      #expect(throws: DashboardServer.Refused.self) {
        try DashboardServer(.init(address: address), events: EventHub(), snapshot: { Self.graph }, announce: { _ in })
      }
      let settings = DashboardServer.Settings(address: address, token: "s3cret")
      for path in ["/", "/events", "/api/events", "/api/state", "/metrics", "/report", "/page.js", "/nothing"] {
        for host in ["localhost", "evil.example", address] {
          #expect(try get(path, headers: ["host": host], settings: settings).status == 401)
          #expect(try get(path, query: ["token": "s3cre"], headers: ["host": host], settings: settings).status == 401)
          #expect(try get(path, query: ["token": ""], headers: ["host": host], settings: settings).status == 401)
        }
      }
      #expect(try get("/metrics", query: ["token": "s3cret"], settings: settings).status == 200)
    }
  }

  @Test("The cookie is out of reach of scripts and other sites, and of its own port: pages side by side keep theirs")
  func cookies() throws {
    let settings = DashboardServer.Settings(address: "0.0.0.0", port: 8480, token: "s3cret")
    let cookie = try #require(try get("/", query: ["token": "s3cret"], settings: settings).response["Set-Cookie"])
    #expect(cookie == "holstream-8480=s3cret; Path=/; HttpOnly; SameSite=Strict")
    func status(_ cookies: String) throws -> Int {
      try get("/metrics", headers: ["host": "h:8480", "cookie": cookies], settings: settings).status
    }
    #expect(try status("holstream-8480=s3cret") == 200)
    #expect(try status("holstream-8481=other; holstream-8480=s3cret") == 200)
    // One that somebody else has set before does not keep its owner out.
    #expect(try status("holstream-8480=wrong; holstream-8480=s3cret") == 200)
    for wrong in [
      "holstream-8481=s3cret", "holstream=s3cret", "holstream-8480=s3cre", "holstream-8480=", "holstream-8480=%",
    ] { #expect(try status(wrong) == 401, "\(wrong)") }
  }
}
