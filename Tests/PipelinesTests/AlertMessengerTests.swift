import Foundation
import Streams
import TestSupport
import Testing

@testable import Climate
@testable import Pipelines

@Suite("Alerts that leave the program", .timeLimit(.minutes(5)))
struct AlertMessengerTests {
  private func change(_ isRaised: Bool) -> AlertWatch.Change {
    AlertWatch.Change(
      rule: AlertRule(number: "u mean", above: 2), index: 0, value: 3.5, isRaised: isRaised, message: "u mean is 3.5")
  }

  @Test("A web address is sent the alert as JSON; one that refuses it is said, without what may be secret in it")
  func posts() async throws {
    let listener = try OneRequestListener()
    let hub = EventHub()
    let messenger = AlertMessenger(node: "climate", run: "/runs/1", events: hub)
    messenger.post(
      change(true), "climate: alert: u \"mean\"\nis 3.5", to: "http://127.0.0.1:\(listener.port)/hook?key=s3cret")
    let (head, body) = try await onThread { try listener.take() }
    #expect(head.hasPrefix("POST /hook?key=s3cret HTTP/1.1") && head.contains("application/json"))
    let object = try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    #expect(object["text"] as? String == "climate: alert: u \"mean\"\nis 3.5")
    #expect(object["number"] as? String == "u mean" && object["value"] as? Double == 3.5)
    #expect(object["node"] as? String == "climate" && object["run"] as? String == "/runs/1")
    #expect(object["isRaised"] as? Bool == true)

    messenger.post(change(false), "all clear", to: "http://127.0.0.1:\(listener.port)/hook?key=s3cret")
    let (_, second) = try await onThread { try listener.take(answering: "404 Not Found") }
    #expect(String(decoding: second, as: UTF8.self).contains("\"isRaised\":false"))
    for await case .message(let words) in hub.events() {
      #expect(words.hasPrefix("climate: the alert's message to 127.0.0.1 ended with 22"))
      #expect(!words.contains("s3cret"))
      break
    }
  }

  @Test("A command has the message and the run's folder, not the service manager's socket; how it fails is said")
  func commands() async throws {
    try await withTemporaryDirectory { folder in
      let hub = EventHub()
      let messenger = AlertMessenger(node: "climate", run: folder.path, events: hub)
      messenger.start(#"echo "$HOLSTREAM_ALERT|$NOTIFY_SOCKET" > "$HOLSTREAM_RUN/told"; exit 7"#, "u is 3")
      for await case .message(let words) in hub.events() {
        #expect(words == "climate: the alert's command ended with 7")
        break
      }
      let told = try String(contentsOf: folder.appending(path: "told"), encoding: .utf8)
      #expect(told == "u is 3|\n")
    }
  }

  @Test("An address that never answers holds a few messages up and no more; what was not sent is said")
  func slow() async throws {
    try await withTemporaryDirectory { folder in
      let hub = EventHub()
      let messenger = AlertMessenger(node: "climate", run: folder.path, events: hub)
      // Commands are under the same bound, and can be let go.
      let pipe = folder.appending(path: "gate")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      for _ in 0..<(AlertMessenger.most + 9) { messenger.start("read line < '\(pipe.path)'; exit 7", "u is 3") }
      let refused = hub.history.filter {
        if case .message(let words) = $0 { words.contains("earlier ones have not ended yet") } else { false }
      }
      #expect(refused.count >= 9)
      // Opened for both, so that no reader is missed, however late it opens.
      let gate = try FileHandle(forUpdating: pipe)
      try gate.write(contentsOf: Data(String(repeating: "go\n", count: AlertMessenger.most).utf8))
      var ended = 0
      for await case .message(let words) in hub.events() where words.hasSuffix("ended with 7") {
        ended += 1
        if ended == AlertMessenger.most { break }
      }
      messenger.start("touch '\(folder.path)/after'", "u is 4")
      await wait(for: folder) { FileManager.default.fileExists(atPath: folder.appending(path: "after").path) }
      try gate.close()
    }
  }

  @Test("An address is one request, whatever it holds, and nobody sees it among the program's arguments")
  func oneRequest() async throws {
    let listener = try OneRequestListener()
    let hub = EventHub()
    let messenger = AlertMessenger(node: "climate", run: "/runs/1", events: hub)
    let address = "http://127.0.0.1:\(listener.port)/{a,b}[1-9]?q=%22\"\\x"
    messenger.post(change(true), "tab\tquote\" backslash\\ line\nend", to: address)
    let (head, body) = try await onThread { try listener.take() }
    #expect(head.hasPrefix("POST /{a,b}[1-9]?q=%22"), "\(head)")
    let object = try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    #expect(object["text"] as? String == "tab\tquote\" backslash\\ line\nend")
  }

  @Test("An address that is none of the web is refused when the pipeline is read")
  func refused() {
    let yaml = Miniature.yaml().replacing(
      "every: 50 }", with: "every: 50, alert: [{ value: a, above: 1, url: 'file:///etc/passwd' }] }")
    #expect { try PipelineDescription(text: yaml) } throws: { "\($0)".contains("begins with http:// or https://") }
  }
}
