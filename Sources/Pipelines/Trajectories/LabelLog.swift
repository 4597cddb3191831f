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
    if summary.audited > 0 { tell("error of the force, by audit", .init("RMSE"), ["audited": summary.error]) }
  }
}
