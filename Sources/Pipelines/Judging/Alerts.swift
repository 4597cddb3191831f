internal import Climate
internal import Foundation
internal import Settings
internal import Streams

/// Thresholds of one stage, and what is done when they are crossed.
struct Alerts: Sendable {
  fileprivate struct Action: Sendable {
    var stops: Bool
    var command: String?
    /// Where messages are posted.
    var address: String?
  }
  private let rules: [AlertRule]
  private let actions: [Action]

  /// Reads the key `alert`.
  init(_ section: ConfigurationSection) {
    let read = section.list("alert", "Thresholds: { value, above, below, then, command, url }") { entry in
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
      let address = entry.optionalText(
        "url", "A web address (http or https) that is sent the alert, and its end, as JSON by POST (needs curl)")
      if let address, !WebRequest.canGo(to: address) {
        entry.problem("expected an address that begins with http:// or https://", key: "url")
      }
      return (rule, Action(stops: stops, command: command, address: address))
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
    private let messenger: AlertMessenger
    private var unknown: Set<String> = []

    fileprivate init(rules: AlertWatch, actions: [Action], node: String, log: JSONLinesLog, assembly: PipelineAssembly)
    {
      self.rules = rules
      self.actions = actions
      self.node = node
      self.log = log
      self.assembly = assembly
      messenger = AlertMessenger(node: node, run: assembly.directory.url.path, events: assembly.events)
    }

    /// - Parameters:
    ///   - place: Where on the axis of the stage's charts the numbers stand, such as the step.
    ///   - isComplete: Whether a number that is missing now will never come; it is then said so, once.
    /// - Throws: `LogError` when an alert cannot be logged.
    mutating func observe(_ numbers: [String: Double], at place: (axis: String, x: Int), isComplete: Bool) throws {
      for rule in rules.rules { if let value = numbers[rule.number] { show(rule, value, place) } }
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
        let action = actions[change.index]
        if let address = action.address { messenger.post(change, words, to: address) }
        guard change.isRaised else { continue }
        if let command = action.command { messenger.start(command, words) }
        if action.stops {
          assembly.alarm.raise(words)
          assembly.graph.stop.request()
        }
      }
    }

    /// A number that is watched, with the bounds that it is watched by.
    private func show(_ rule: AlertRule, _ value: Double, _ place: (axis: String, x: Int)) {
      var values = [rule.number: value]
      values["alert above"] = rule.above
      values["alert below"] = rule.below
      assembly.events.send(
        .point(
          .init(section: "Alerts of \(node)", title: rule.number, x: .init(place.axis), y: .init(rule.number)),
          x: Double(place.x), values: values))
    }
  }
}
