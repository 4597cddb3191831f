internal import Foundation

/// The pipeline behind `holstream watch`, as a pipeline file: a tailed log, its forecasts, its rolling climate, their logs
/// and the page.
public struct WatchPipeline: Sendable {
  public var file: String
  public var follows = true
  /// With commas; all when nil.
  public var columns: String?
  public var time: String?
  public var model = "linear"
  public var lags = 12
  public var season = 0
  public var leads = "1, 3, 12"
  public var falseAlarms = 0.01
  public var refitEvery: Int?
  /// Rows of the rolling climate.
  public var window = 1000
  /// `NAME>NUMBER` or `NAME<NUMBER`, by the names of the forecasts' numbers.
  public var alerts: [String] = []
  public var alertsStop = false
  public var command: String?

  public init(file: String) { self.file = file }

  /// - Throws: `RunError` for an alert that is none.
  public func text() throws -> String {
    var tail = "path: \(Self.quoted(file)), follow: \(follows)"
    if let columns { tail += ", columns: \(Self.quoted(columns))" }
    if let time { tail += ", time: \(Self.quoted(time))" }
    var keys = ["model: \(Self.quoted(model))", "lags: \(lags)", "season: \(season)", "leads: \(Self.quoted(leads))"]
    keys.append("false-alarms: \(falseAlarms)")
    if let refitEvery { keys.append("refit-every: \(refitEvery)") }
    if !alerts.isEmpty { keys.append("alert: [\(try alerts.map(alert).joined(separator: ", "))]") }
    return """
      # What `holstream watch` runs; change it and run it with `holstream run`.
      name: watch
      seed: 1
      sources:
        rows:
          tail: { \(tail) }
      stages:
        forecast:
          from: rows
          buffer: 1024
          forecast:
            \(keys.joined(separator: "\n      "))
        climate:
          from: rows
          buffer: 1024
          rolling-climate: { window: \(window), lag: \(max(1, min(100, window / 4))), every: \(max(1, window / 2)) }
      sinks:
        forecasts:     { from: forecast, buffer: 1024, jsonl: forecast.jsonl }
        climates:      { from: climate, jsonl: climate.jsonl }
        page-forecast: { from: forecast, deliver: latest, page: { every: 200ms } }
        page-climate:  { from: climate, deliver: latest, page: { every: 200ms } }

      """
  }

  private func alert(_ text: String) throws -> String {
    guard let at = text.lastIndex(where: { "<>".contains($0) }),
      let number = Double(text[text.index(after: at)...].trimmingWhitespace), number.isFinite,
      case let name = text[..<at].trimmingWhitespace, !name.isEmpty
    else { throw RunError(.usage, "--alert takes a name, > or <, and a number, as in 'level score>4'; got `\(text)`") }
    var entry = "value: \(Self.quoted(name)), \(text[at] == ">" ? "above" : "below"): \(number)"
    if alertsStop { entry += ", then: stop" }
    if let command { entry += ", command: \(Self.quoted(command))" }
    return "{ \(entry) }"
  }

  /// In quotation marks, as YAML and JSON agree on.
  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: (try? encoder.encode(text)) ?? Data("\"\"".utf8), as: UTF8.self)
  }
}
