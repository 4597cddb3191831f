/// What is answered to a request. Every answer ends its connection.
struct HTTPResponse: Sendable {
  enum Body: Sendable, Equatable {
    case bytes([UInt8])
    /// What a file has, however long.
    case file(HTTPFile)
    /// The run's events, server-sent (HTML Standard, section 9.2), until the run ends.
    case events
  }

  var status: Int
  /// Names and values; values without line breaks.
  var headers: [(name: String, value: String)] = []
  var body: Body

  init(_ type: String, _ body: Body, status: Int = 200) {
    self.status = status
    self.body = body
    headers = [("Content-Type", type)]
  }

  /// A sentence, said with another status than success.
  static func refusal(_ status: Int, _ sentence: String) -> HTTPResponse {
    HTTPResponse("text/plain; charset=utf-8", .bytes(Array((sentence + "\n").utf8)), status: status)
  }

  subscript(name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }

  private static let reasons = [
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 413: "Content Too Large", 414: "URI Too Long", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 503: "Service Unavailable", 505: "HTTP Version Not Supported",
  ]

  /// Status line and headers as they are sent.
  var head: [UInt8] {
    var text = "HTTP/1.1 \(status) \(Self.reasons[status] ?? "Other")\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    switch body {
    case .bytes(let bytes): text += "Content-Length: \(bytes.count)\r\n"
    case .file(let file): text += "Content-Length: \(file.size)\r\n"
    case .events: break
    }
    return Array((text + "Connection: close\r\n\r\n").utf8)
  }
}

/// A request that is answered by a status and a sentence alone.
struct HTTPRefusal: Error, Equatable {
  var status: Int
  var sentence: String

  init(_ status: Int, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  var response: HTTPResponse { .refusal(status, sentence) }
}
