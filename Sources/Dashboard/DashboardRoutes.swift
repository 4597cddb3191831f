import Foundation
import Streams

/// What the page answers to a request.
struct DashboardRoutes: Sendable {
  let page: DashboardServer
  /// Where the page is served.
  let port: UInt16

  func response(to request: HTTPRequest) -> HTTPResponse {
    guard request.method == "GET" || request.method == "HEAD" else {
      return .refusal(405, "This page only shows: use GET.")
    }
    // A foreign site can point its own name at 127.0.0.1; its requests then carry that name.
    guard page.settings.token != nil || isLocal(request["host"]) else {
      return .refusal(403, "Open the page by its number, http://127.0.0.1:PORT, or as localhost.")
    }
    guard !isForeign(request) else {
      return .refusal(403, "Open the page itself: another site's page has no business here.")
    }
    guard let key = admit(request) else {
      return .refusal(401, "Open the page with ?token=… as printed where it was started.")
    }
    var response = answer(request)
    response.headers += [
      ("X-Content-Type-Options", "nosniff"),
      (
        "Content-Security-Policy",
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
      ),
      ("Cross-Origin-Resource-Policy", "same-origin"),
      // The address may hold the token.
      ("Referrer-Policy", "no-referrer"),
    ]
    if case .byQuery(let token) = key {
      response.headers.append(("Set-Cookie", "\(cookieName)=\(token); Path=/; HttpOnly; SameSite=Strict"))
    }
    return response
  }

  private func answer(_ request: HTTPRequest) -> HTTPResponse {
    if request.path.hasPrefix("/checkpoints/") { return checkpoint(String(request.path.dropFirst(13))) }
    guard page.settings.isPage || ["/metrics", "/api/state"].contains(request.path) else {
      return .refusal(404, "This run shows no page: there are /metrics and /api/state.")
    }
    if let gallery = page.gallery {
      if ["/", "/index.html"].contains(request.path) { return text(gallery.html, "text/html") }
      if let (number, path) = RunGallery.place(request.path) {
        guard let run = gallery.run(number) else { return .refusal(404, "There is no run of the number \(number).") }
        return answer(path, run)
      }
    }
    return answer(
      request.path,
      RunGallery.Run(title: page.title, events: page.events, best: page.settings.best, graph: page.snapshot))
  }

  /// What a path is answered by, of one run.
  private func answer(_ path: String, _ run: RunGallery.Run) -> HTTPResponse {
    switch path {
    case "/", "/index.html":
      let title = Markup.escape(run.title)
      return text(
        String(decoding: PackageResources.index_html, as: UTF8.self).replacing("{{title}}", with: title), "text/html")
    case "/page.css": return bytes(PackageResources.page_css, "text/css")
    case "/charts.js": return bytes(PackageResources.charts_js, "text/javascript")
    case "/stages.js": return bytes(PackageResources.stages_js, "text/javascript")
    case "/page.js": return bytes(PackageResources.page_js, "text/javascript")
    case "/charts/dygraph.min.js": return chart("dygraph.min.js", "text/javascript")
    case "/charts/dygraph.min.css": return chart("dygraph.min.css", "text/css")
    case "/events":
      var response = HTTPResponse("text/event-stream", .events)
      response.headers.append(("Cache-Control", "no-store"))
      return response
    case "/api/events":
      let told = run.events.told()
      var list: [UInt8] = []
      // Whole events at a time: megabytes, byte by byte, are slow.
      list.reserveCapacity(told.reduce(2) { $0 + $1.json.count + 2 })
      list += "[".utf8
      for (number, event) in told.enumerated() {
        if number > 0 { list += ",\n".utf8 }
        list += event.json
      }
      list += "]".utf8
      return bytes(list, Self.json)
    case "/api/state":
      guard let state = try? JSONEncoder.withInfinities.encode(state(of: run)) else {
        return .refusal(500, "The state has no JSON.")
      }
      return bytes([UInt8](state), Self.json)
    case "/best.safetensors": return best(of: run)
    case "/metrics": return text(state(of: run).prometheus + page.metrics(), "text/plain; version=0.0.4")
    case "/report": return text(Report(title: run.title, events: run.events.history).html, "text/html")
    default: return .refusal(404, "There is nothing at \(path).")
    }
  }

  private func best(of run: RunGallery.Run) -> HTTPResponse {
    guard let file = run.best else { return .refusal(404, "This page knows of no checkpoints.") }
    guard let content = HTTPFile(file) else { return .refusal(404, "No checkpoint was judged the best yet.") }
    var response = HTTPResponse("application/octet-stream", .file(content))
    response.headers += [
      ("Cache-Control", "no-cache"), ("Content-Disposition", "attachment; filename=\"best.safetensors\""),
    ]
    return response
  }

  /// A checkpoint of the run by its name, for workers that do not share its disk.
  private func checkpoint(_ name: String) -> HTTPResponse {
    guard let folder = page.settings.checkpoints else { return .refusal(404, "This page knows of no checkpoints.") }
    // A name of a run's own checkpoints is no path.
    guard name.wholeMatch(of: #/step-[0-9]{1,15}\.safetensors/#) != nil,
      let content = HTTPFile(folder.appending(path: name))
    else { return .refusal(404, "There is no such checkpoint.") }
    var response = HTTPResponse("application/octet-stream", .file(content))
    response.headers.append(("Cache-Control", "no-store"))
    return response
  }

  private static let json = "application/json"

  private func state(of run: RunGallery.Run) -> DashboardState {
    DashboardState(title: run.title, graph: run.graph(), newest: run.events.newest(DashboardState.mostMessages))
  }

  private func chart(_ name: String, _ type: String) -> HTTPResponse {
    guard let content = try? Data(contentsOf: page.settings.charts.appending(path: name)) else {
      return .refusal(404, "\(page.settings.charts.path)/\(name) is missing: apt-get install libjs-dygraphs")
    }
    return bytes([UInt8](content), type)
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
    let cookies = (request["cookie"] ?? "").split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
    let shown = cookies.filter { $0.hasPrefix("\(cookieName)=") }
      .compactMap { $0.dropFirst(cookieName.count + 1).removingPercentEncoding }
    let bearer = request["authorization"].flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
    return (shown + [bearer].compactMap(\.self)).contains { Self.same($0, token) } ? .shown : nil
  }

  /// Takes as long for a wrong token as for the right one.
  static func same(_ given: String, _ token: String) -> Bool {
    let given = Array(given.utf8)
    let token = Array(token.utf8)
    var difference = given.count == token.count ? UInt8(0) : 1
    for index in given.indices { difference |= given[index] ^ token[index % token.count] }
    return difference == 0
  }

  /// Browsers keep one set of cookies for all ports of a host: each page has a name of its own.
  private var cookieName: String { "holstream-\(port)" }

  /// Whether another site's page asks, through its visitor's browser: it could read nothing, but would hold connections.
  /// Following a link from there is not that.
  private func isForeign(_ request: HTTPRequest) -> Bool {
    if let origin = request["origin"], origin.split(separator: "/").last.map(String.init) != request["host"] {
      return true
    }
    guard let site = request["sec-fetch-site"], site != "same-origin", site != "none" else { return false }
    return request["sec-fetch-mode"] != "navigate" || request["sec-fetch-dest"] != "document"
  }

  private func isLocal(_ host: String?) -> Bool {
    guard let host else { return true }
    return host.wholeMatch(of: #/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?/#) != nil
  }

  private func bytes(_ bytes: [UInt8], _ type: String) -> HTTPResponse {
    var response = HTTPResponse(type, .bytes(bytes))
    response.headers.append(("Cache-Control", "no-cache"))
    return response
  }

  private func text(_ text: String, _ type: String) -> HTTPResponse {
    bytes(Array(text.utf8), type.contains(";") ? type : type + "; charset=utf-8")
  }
}
