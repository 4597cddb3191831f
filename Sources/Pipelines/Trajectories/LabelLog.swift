internal import Foundation
internal import Streams
internal import Synchronization
internal import Systems
internal import Trajectories

/// What learning on the fly does, as lines of a log that say all that a step's forces depend on, and on the page: the share
/// of solved sites and the audited error of the force against time.
final class LabelLog: Sendable {
  private let url: URL
  private let node: String
  private let patience: DiskPatience
  private let events: EventHub?
  private let log = Mutex<JSONLinesLog?>(nil)

  /// - Parameter events: The page's; nobody is told when nil.
  init(_ url: URL, node: String, _ patience: DiskPatience, _ events: EventHub?) {
    self.url = url
    self.node = node
    self.patience = patience
    self.events = events
  }

  /// All that a log says; of a step that was done twice, as after a resume, the last.
  /// - Throws: `RunError` naming the file and the line that is missing or cannot be read.
  static func records(_ url: URL) throws -> [OnTheFlyRecord] {
    func fail(_ reason: String) -> RunError { RunError(.badInput, "\(url.relativePath): \(reason)") }
    guard FileManager.default.isReadableFile(atPath: url.path) else { throw fail("there is no such log of labels") }
    var follower = JSONLinesFollower(url)
    let decoder = JSONDecoder()
    var records: [OnTheFlyRecord] = []
    while case let items = try follower.read(), !items.isEmpty {
      for item in items {
        switch item {
        case .line(let line):
          do {
            records.append(try decoder.decode(OnTheFlyRecord.self, from: Data(line.object.utf8)))
          } catch { throw fail("line \(line.number) is none of a log of labels") }
        case .gap(let after, let before): throw fail("the lines \(after + 1) to \(before - 1) are missing")
        case .defect(_, let text): throw fail("the line after \(records.count) others is damaged: \(text.prefix(60))")
        }
      }
    }
    return records
  }

  /// Holds its thread up while there is no space.
  /// - Throws: `LogError` when it cannot be written.
  func add(_ records: [OnTheFlyRecord], of system: any DynamicalSystem, at time: Double) throws {
    guard !records.isEmpty else { return }
    try log.withLock { log in
      _ = try patience.blocking(url.lastPathComponent) {
        if log == nil { log = try JSONLinesLog(url) }
        for record in records { try log!.append(record) }
      }
    }
    var summary = OnTheFlySummary()
    for record in records { summary.add(record, sites: system.layout.domain.sites ?? 1) }
    func tell(_ title: String, _ axis: RunEvent.Axis, _ values: [String: Double]) {
      events?.send(
        .point(
          .init(
            section: "Learning on the fly", title: title,
            x: .init("time", unit: system.timeUnit.isEmpty ? nil : system.timeUnit), y: axis), x: time, values: values))
    }
    tell("share of sites that were solved", .init("share"), ["solved": summary.share])
    var errors: [String: Double] = [:]
    if summary.audited > 0 { errors["sites, at the own μ"] = summary.error }
    if summary.auditedSteps > 0 { errors["whole steps"] = summary.wholeError }
    if !errors.isEmpty { tell("error of the force, by audit", .init("RMSE"), errors) }
  }
}
