internal import Climate
internal import Foundation
internal import Streams
internal import Synchronization

/// Carries an alert out of the program: to a shell command, or to a web address. Both are started and left alone: what hangs
/// must not hold the run, nor may what hangs become many. What fails is said in the run's messages.
struct AlertMessenger: Sendable {
  /// Messages and commands of one stage that may be under way at once.
  static let most = 16
  private final class UnderWay: Sendable { let count = Atomic(0) }
  private let underWay = UnderWay()

  /// The stage that alerts.
  let node: String
  /// The run's folder.
  let run: String
  let events: EventHub

  init(node: String, run: String, events: EventHub) { (self.node, self.run, self.events) = (node, run, events) }

  /// What a web address is sent, as one JSON object. Chat services take `text`.
  struct Body: Encodable {
    var text: String
    var run: String
    var node: String
    /// The number that is watched, and its value.
    var number: String
    var value: Double
    /// False when it is within its bounds again.
    var isRaised: Bool
  }

  /// Starts a shell command; HOLSTREAM_ALERT holds the message, HOLSTREAM_RUN the run's folder.
  func start(_ command: String, _ words: String) {
    launch("/bin/sh", ["-c", command], what: "command", environment: ["HOLSTREAM_ALERT": words, "HOLSTREAM_RUN": run])
  }

  /// Sends an alert by HTTP POST with the program `curl`, three times at most.
  func post(_ change: AlertWatch.Change, _ words: String, to address: String) {
    let content = Body(
      text: words, run: run, node: node, number: change.rule.number, value: change.value, isRaised: change.isRaised)
    guard let data = try? JSONEncoder.withInfinities.encode(content) else { return }
    let request = WebRequest(
      to: address, [("data-binary", String(decoding: data, as: UTF8.self))],
      options: [
        "--max-time", "20", "--retry", "2", "--retry-connrefused", "--header", "Content-Type: application/json",
        "--output", "/dev/null",
      ])
    launch(
      WebRequest.program.path, request.arguments, what: "message to \(Self.host(address))", input: request.input)
  }

  /// An address may hold a secret: only its host is said.
  private static func host(_ address: String) -> String { URL(string: address)?.host() ?? "its address" }

  private func launch(
    _ program: String, _ arguments: [String], what: String, environment: [String: String] = [:], input: Data? = nil
  ) {
    guard underWay.count.add(1, ordering: .relaxed).newValue <= Self.most else {
      underWay.count.subtract(1, ordering: .relaxed)
      return events.send(
        .message("\(node): the alert's \(what) was not begun: \(Self.most) earlier ones have not ended yet"))
    }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    // The service manager is the run's own.
    process.environment?["NOTIFY_SOCKET"] = nil
    let pipe = input.map { _ in Pipe() }
    process.standardInput = pipe ?? FileHandle.nullDevice
    let (node, events, begun) = (node, events, underWay)
    process.terminationHandler = { process in
      begun.count.subtract(1, ordering: .relaxed)
      guard process.terminationStatus != 0 else { return }
      let remedy =
        input != nil && process.terminationStatus == WebRequest.missing.status ? ": \(WebRequest.missing.words)" : ""
      events.send(.message("\(node): the alert's \(what) ended with \(process.terminationStatus)\(remedy)"))
    }
    do { try process.run() } catch {
      underWay.count.subtract(1, ordering: .relaxed)
      events.send(.message("\(node): the alert's \(what) could not be started: \(error.localizedDescription)"))
      return
    }
    if let pipe, let input {
      try? pipe.fileHandleForReading.close()
      // Less than a pipe holds.
      try? pipe.fileHandleForWriting.write(contentsOf: input)
      try? pipe.fileHandleForWriting.close()
    }
  }
}
