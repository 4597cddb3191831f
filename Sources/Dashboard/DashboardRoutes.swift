import FlyingFox
import FlyingSocks
import Foundation
import Streams

/// What the page answers to a request.
struct DashboardRoutes: HTTPHandler {
  let page: DashboardServer

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard request.method == .GET || request.method == .HEAD else {
      return refuse(HTTPStatusCode.methodNotAllowed, "This page only shows: use GET.")
    }
    // A foreign site can point its own name at 127.0.0.1; its requests then carry that name.
    guard page.settings.token != nil || isLocal(request.headers[.host]) else {
      return refuse(.forbidden, "Open the page by its number, http://127.0.0.1:PORT, or as localhost.")
    }
    guard let key = admit(request) else {
      return refuse(.unauthorized, "Open the page with ?token=… as printed where it was started.")
    }
    var response = try answer(request)
    response.headers[HTTPHeader("X-Content-Type-Options")] = "nosniff"
    response.headers[HTTPHeader("Content-Security-Policy")] =
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    if case .byQuery(let token) = key {
      response.headers[.setCookie] = "holstream=\(token); Path=/; HttpOnly; SameSite=Strict"
    }
    return response
  }

  private func answer(_ request: HTTPRequest) throws -> HTTPResponse {
    switch request.path {
    case "/", "/index.html":
      let title = Markup.escape(page.title)
      return text(
        String(decoding: PackageResources.index_html, as: UTF8.self).replacing("{{title}}", with: title), "text/html")
    case "/page.css": return data(Data(PackageResources.page_css), "text/css")
    case "/page.js": return data(Data(PackageResources.page_js), "text/javascript")
    case "/charts/dygraph.min.js": return chart("dygraph.min.js", "text/javascript")
    case "/charts/dygraph.min.css": return chart("dygraph.min.css", "text/css")
    case "/events":
      let body = HTTPBodySequence(from: ServerSentEvents(events: page.events.events()))
      return HTTPResponse(
        statusCode: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    case "/api/events": return data(try JSONEncoder.page.encode(page.events.history), "application/json")
    case "/api/state": return data(try JSONEncoder.page.encode(DashboardState(of: page)), "application/json")
    case "/metrics": return text(metrics(), "text/plain; version=0.0.4")
    case "/report": return text(Report(title: page.title, events: page.events.history).html, "text/html")
    default: return refuse(.notFound, "There is nothing at \(request.path).")
    }
  }

  private func metrics() -> String {
    let state = DashboardState(of: page)
    var lines = state.graph.prometheus
    for (name, value) in state.training.sorted(by: { $0.key < $1.key }) {
      let metric = "holstream_training_" + name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
      let number = value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
      lines += "# TYPE \(metric) gauge\n\(metric) \(number)\n"
    }
    if let step = state.step { lines += "# TYPE holstream_training_step gauge\nholstream_training_step \(step)\n" }
    return lines
  }

  private func chart(_ name: String, _ type: String) -> HTTPResponse {
    guard let content = try? Data(contentsOf: page.settings.charts.appending(path: name)) else {
      return refuse(.notFound, "\(page.settings.charts.path)/\(name) is missing: apt-get install libjs-dygraphs")
    }
    return data(content, type)
  }

  private enum Key {
    case notNeeded, shown
    case byQuery(String)
  }

  private func admit(_ request: HTTPRequest) -> Key? {
    guard let token = page.settings.token else { return .notNeeded }
    if let given = request.query["token"], Self.same(given, token) {
      return .byQuery(token.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
    }
    let cookies = (request.headers[.cookie] ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    let cookie = cookies.first { $0.hasPrefix("holstream=") }?.dropFirst("holstream=".count).removingPercentEncoding
    let bearer = request.headers[.authorization].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
    return [cookie, bearer].compactMap(\.self).contains { Self.same($0, token) } ? .shown : nil
  }

  /// Takes as long for a wrong token as for the right one.
  static func same(_ given: String, _ token: String) -> Bool {
    let given = Array(given.utf8)
    let token = Array(token.utf8)
    var difference = given.count == token.count ? UInt8(0) : 1
    for index in given.indices { difference |= given[index] ^ token[index % token.count] }
    return difference == 0
  }

  private func isLocal(_ host: String?) -> Bool {
    guard let host else { return true }
    return host.wholeMatch(of: #/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?/#) != nil
  }

  private func data(_ data: Data, _ type: String) -> HTTPResponse {
    HTTPResponse(statusCode: .ok, headers: [.contentType: type, .cacheControl: "no-cache"], body: data)
  }

  private func text(_ text: String, _ type: String) -> HTTPResponse {
    data(Data(text.utf8), type.contains(";") ? type : type + "; charset=utf-8")
  }

  private func refuse(_ status: HTTPStatusCode, _ sentence: String) -> HTTPResponse {
    HTTPResponse(
      statusCode: status, headers: [.contentType: "text/plain; charset=utf-8"], body: Data((sentence + "\n").utf8))
  }
}
