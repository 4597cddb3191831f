internal import Climate
internal import Foundation
internal import Settings
internal import Streams

/// Thresholds of one stage, and what is done when they are crossed.
struct Alerts: Sendable {
  fileprivate struct Action: Sendable {
    var stops: Bool
    var command: String?
  }
  private let rules: [AlertRule]
  private let actions: [Action]

  /// Reads the key `alert`.
  init(_ section: ConfigurationSection) {
    let read = section.list("alert", "Thresholds: { value, above, below, then, command }") { entry in
      let rule = AlertRule(
        number: entry.text("value", default: "", "Name of a number, such as `deltaRho mean`"),
        above: entry.optionalNumber("above", "Alert when it is larger, or not a number"),
        below: entry.optionalNumber("below", "Alert when it is smaller, or not a number"))
      if rule.number.isEmpty { entry.problem("needs the name of a number", key: "value") }
      if rule.above == nil, rule.below == nil { entry.problem("needs `above:` or `below:`") }
      let stops = entry.choice(
        "then", default: "note", among: [("note", false), ("stop", true)],
        "Whether the run goes on, or stops cleanly and exits with 3")
      let command = entry.optionalText(
        "command", "A shell command to start; HOLSTREAM_ALERT holds the message, HOLSTREAM_RUN the run's folder")
      return (rule, Action(stops: stops, command: command))
    }
    rules = (read ?? []).map(\.0)
    actions = (read ?? []).map(\.1)
  }

  /// The watch over one run of the stage.
  /// - Throws: `LogError` when its log cannot be opened.
  func watch(_ node: String, in assembly: PipelineAssembly) throws -> Watch? {
    guard !rules.isEmpty else { return nil }
    let log = try JSONLinesLog(assembly.directory.file("alerts-\(node).jsonl"))
    return Watch(rules: AlertWatch(rules), actions: actions, node: node, log: log, assembly: assembly)
  }

  /// Says, logs and does what the rules ask for.
  struct Watch {
    private var rules: AlertWatch
    private let actions: [Action]
    private let node: String
    private let log: JSONLinesLog
    private let assembly: PipelineAssembly
    private var unknown: Set<String> = []

    fileprivate init(rules: AlertWatch, actions: [Action], node: String, log: JSONLinesLog, assembly: PipelineAssembly)
    {
      self.rules = rules
      self.actions = actions
      self.node = node
      self.log = log
      self.assembly = assembly
    }

    /// - Parameter isComplete: Whether a number that is missing now will never come; it is then said so, once.
    /// - Throws: `LogError` when an alert cannot be logged.
    mutating func observe(_ numbers: [String: Double], isComplete: Bool) throws {
      if isComplete {
        for rule in rules.rules where numbers[rule.number] == nil && unknown.insert(rule.number).inserted {
          let names = numbers.keys.sorted().joined(separator: ", ")
          assembly.events.send(.message("\(node): there is no number `\(rule.number)` to watch; there are \(names)"))
        }
      }
      for change in rules.observe(numbers) {
        let words = "\(node): \(change.isRaised ? "alert" : "all clear"): \(change.message)"
        _ = try assembly.patience.blocking("alerts-\(node).jsonl") { try log.append(change) }
        assembly.events.send(.message(words))
        guard change.isRaised else { continue }
        let action = actions[change.index]
        if let command = action.command { start(command, words) }
        if action.stops {
          assembly.alarm.raise(words)
          assembly.graph.stop.request()
        }
      }
    }

    /// Started and left alone: a command that hangs must not hold the run.
    private func start(_ command: String, _ words: String) {
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["-c", command]
      var environment = ProcessInfo.processInfo.environment
      environment["HOLSTREAM_ALERT"] = words
      environment["HOLSTREAM_RUN"] = assembly.directory.url.path
      process.environment = environment
      process.standardInput = FileHandle.nullDevice
      do { try process.run() } catch {
        assembly.events.send(
          .message("\(node): the alert's command could not be started: \(error.localizedDescription)"))
      }
    }
  }
}
