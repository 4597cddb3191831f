import Foundation

/// A request without a body: its request line and headers (RFC 9112, sections 3 and 5).
struct HTTPRequest: Sendable, Equatable {
  var method: String
  /// Percent-decoded, from the first `/`, without the query.
  var path: String
  /// Percent-decoded; of a name that is given twice the first.
  var query: [String: String] = [:]
  /// By lower-case name, in the order in which they came.
  var headers: [String: [String]] = [:]

  init(method: String = "GET", path: String, query: [String: String] = [:], headers: [String: [String]] = [:]) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
  }

  /// The first header of this name.
  subscript(name: String) -> String? { headers[name]?.first }

  /// Where a head ends in what was received, after its empty line; nil when it is not there yet.
  /// - Parameter start: Where to look from; the bytes before were looked at.
  static func end(of bytes: [UInt8], from start: Int) -> Int? {
    var index = max(3, start)
    while index < bytes.count {
      if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10, bytes[index - 3] == 13 { return index + 1 }
      index += 1
    }
    return nil
  }

  /// - Parameter head: Everything up to and with the empty line, already bounded.
  /// - Throws: The refusal of what is not a request, of more than one host, and of a body.
  init(head: ArraySlice<UInt8>, limits: HTTPLimits = HTTPLimits()) throws(HTTPRefusal) {
    // Visible ASCII, blanks and the ends of lines: whatever else there is was not sent by a browser.
    guard head.allSatisfy({ (32..<127).contains($0) || $0 == 9 || $0 == 10 || $0 == 13 }) else {
      throw HTTPRefusal(400, "The request is not text.")
    }
    var lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    guard !lines.contains(where: { $0.utf8.contains(10) || $0.utf8.contains(13) }), lines.count >= 3 else {
      throw HTTPRefusal(400, "The request's lines do not end as HTTP's do.")
    }
    lines.removeLast(2)
    guard lines.count - 1 <= limits.headers else { throw HTTPRefusal(431, "The request has too many headers.") }
    let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, words[0].utf8.allSatisfy(Self.isInNames), words[1].hasPrefix("/")
    else {
      throw HTTPRefusal(400, "The first line is not a request for a path.")
    }
    guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else { throw HTTPRefusal(505, "Use HTTP/1.1.") }
    method = String(words[0])
    let target = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let path = target[0].removingPercentEncoding else {
      throw HTTPRefusal(400, "The path is not percent-encoded as it should be.")
    }
    self.path = path
    for part in target.count > 1 ? target[1].split(separator: "&") : [] {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = pair[0].removingPercentEncoding, query[name] == nil else { continue }
      query[name] = pair.count > 1 ? pair[1].removingPercentEncoding ?? "" : ""
    }
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
        line[..<colon].utf8.allSatisfy(Self.isInNames)
      else { throw HTTPRefusal(400, "A header is not a name and a value.") }
      headers[line[..<colon].lowercased(), default: []].append(
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
    let hosts = headers["host"]?.count ?? 0
    guard hosts == 1 || hosts == 0 && words[2] == "HTTP/1.0" else {
      throw HTTPRefusal(400, "A request names one host.")
    }
    guard headers["transfer-encoding"] == nil, (headers["content-length"] ?? []).allSatisfy({ $0 == "0" }) else {
      throw HTTPRefusal(413, "This page only shows: a request has no body.")
    }
  }

  /// What names of headers and methods are made of (RFC 9110, section 5.6.2).
  private static func isInNames(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
