import Testing

@testable import Dashboard

@Suite("A request's head")
struct HTTPRequestTests {
  private func parse(_ text: String) throws(HTTPRefusal) -> HTTPRequest {
    try HTTPRequest(head: ArraySlice(Array(text.utf8)))
  }

  private func refused(_ text: String) -> Int? {
    do throws(HTTPRefusal) {
      _ = try parse(text)
      return nil
    } catch { return error.status }
  }

  @Test("Path, query and headers are decoded")
  func whole() throws {
    let request = try parse(
      "GET /a%20b?token=x%2Fy&flag&token=z HTTP/1.1\r\nHost: localhost:80\r\nCookie:  a=b \r\n\r\n")
    #expect(request.method == "GET")
    #expect(request.path == "/a b")
    #expect(request.query == ["token": "x/y", "flag": ""])
    #expect(request["host"] == "localhost:80")
    #expect(request["cookie"] == "a=b")
  }

  @Test("The end of a head is found however it comes in")
  func end() {
    let bytes = Array("GET / HTTP/1.1\r\n\r\nrest".utf8)
    for start in 0...17 { #expect(HTTPRequest.end(of: bytes, from: start) == 18) }
    #expect(HTTPRequest.end(of: Array(bytes[..<17]), from: 0) == nil)
  }

  @Test(
    "What is no request is refused with its reason",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: a\n\r\n\r\n", 400),
      ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET / HTTP/3\r\nHost: a\r\n\r\n", 505),
      ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 413), ("\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 413),
      ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n", 413),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 5\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400), ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
      ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\nX[]: a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 64) + "\r\n", 431),
    ])
  func refusals(text: String, status: Int) { #expect(refused(text) == status) }

  @Test("Bytes that are no request at all are refused, never a trap")
  func noise() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
        [UInt8](" \r\n:/?%&=GEThost.1\u{00E9}".utf8).randomElement(using: &random)!
      }
      _ = try? HTTPRequest(head: ArraySlice(bytes))
    }
  }
}
