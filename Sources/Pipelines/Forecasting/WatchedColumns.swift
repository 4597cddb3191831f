internal import Climate
internal import Foundation
internal import Streams

/// The watches over all columns of a log, and what the run's folder keeps of them.
struct WatchedColumns: Codable, Sendable, Equatable {
  /// What one row came to.
  struct Outcome {
    var observation: Observation
    /// Whether there is an alarm or a change in it.
    var isRemarkable: Bool
    var notes: [String]
  }

  /// Of all values so far, bit by bit: tells whether a file still begins as it did (FNV-1a).
  struct Fingerprint: Codable, Sendable, Equatable {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ values: [Double]) {
      for value in values { hash = (hash ^ value.bitPattern) &* 0x0000_0100_0000_01b3 }
    }
  }

  /// Columns that are watched at most: each has models of its own.
  static let mostColumns = 1000

  let names: [String]
  private(set) var watches: [SeriesWatch]
  private(set) var rows = 0
  private(set) var fingerprint = Fingerprint()
  private var time: Double?

  init(names: [String], _ settings: WatchSettings) {
    self.names = names
    watches = names.map { _ in SeriesWatch(settings) }
  }

  /// Where the columns stand in a row.
  /// - Throws: `RunError` for a column that is not there, or for more than can be watched.
  static func places(of columns: [String]?, in names: [String], node: String) throws -> [Int] {
    let count = columns?.count ?? names.count
    guard count <= mostColumns else {
      throw RunError(
        .badInput,
        "\(node): \(count) columns are more than the \(mostColumns) that one stage watches; name those that matter with `columns:`"
      )
    }
    let places = try (columns ?? names).map { column in
      guard let place = names.firstIndex(of: column) else {
        throw RunError(
          .badInput,
          "\(node): there is no column `\(column)`; a row brings \(names.prefix(20).joined(separator: ", "))\(names.count > 20 ? ", …" : "")"
        )
      }
      return place
    }
    return places
  }

  /// - Throws: `RunError` for a row of another trajectory than the first.
  mutating func add(_ row: Observation, _ values: [Double], node: String) throws -> Outcome {
    guard row.trajectory == 0 else {
      throw RunError(
        .badInput,
        "\(node): a row of trajectory \(row.trajectory) came; a forecast watches one series of rows. Tell trajectories apart by files, or name no `trajectory:`"
      )
    }
    var notes: [String] = []
    if let time, row.time <= time {
      // The file began anew, or rows are not in order: what was forecast is not what comes.
      for k in watches.indices { watches[k].interrupt() }
      notes.append("time goes back from \(time) to \(row.time) at row \(rows + 1): forecasts begin again")
    }
    time = row.time
    fingerprint.add(values)
    var all: [String] = []
    var numbers: [Double] = []
    var isRemarkable = false
    for k in watches.indices {
      let outcome = watches[k].add(values[k])
      isRemarkable = isRemarkable || outcome.isAlarm || !outcome.changes.isEmpty
      if let note = outcome.note { notes.append("`\(names[k])` \(note)") }
      if !outcome.changes.isEmpty {
        notes.append(
          "`\(names[k])` has changed at row \(rows + 1), time \(row.time) (\(outcome.changes.joined(separator: ", ")))")
      }
      let next = watches[k].next
      let name = names[k]
      all += [
        name, "\(name) forecast", "\(name) error", "\(name) score", "\(name) alarm", "\(name) change", "\(name) next",
      ]
      numbers += [
        values[k], outcome.forecast ?? .nan, outcome.error ?? .nan, outcome.score ?? .nan, outcome.isAlarm ? 1 : 0,
        outcome.changes.isEmpty ? 0 : 1, next ?? .nan,
      ]
      for errors in watches[k].errors {
        all += [
          "\(name) rmse \(errors.lead)", "\(name) naive rmse \(errors.lead)", "\(name) linear rmse \(errors.lead)",
        ]
        numbers += [errors.model ?? .nan, errors.naive ?? .nan, errors.linear ?? .nan]
      }
    }
    rows += 1
    let observation = Observation(trajectory: 0, index: rows - 1, time: row.time, names: all, values: numbers)
    return Outcome(observation: observation, isRemarkable: isRemarkable, notes: notes)
  }

  /// A line for each column, of the first twenty.
  var table: [RunEvent.Row] {
    zip(names, watches).prefix(20).map { name, watch in
      let errors = watch.errors
      var values: [RunEvent.Row.Value] = [.init("rows", Double(watch.rows))]
      var words = "\(name): "
      switch watch.state {
      case .gathering: words += "\(watch.rows) rows, too few to learn from yet"
      case .constant: words += "does not vary"
      case .watching:
        let said = errors.compactMap { error -> String? in
          guard let model = error.model, let naive = error.naive, let linear = error.linear else { return nil }
          return String(format: "%d ahead %.4g (naive %.4g, linear %.4g)", error.lead, model, naive, linear)
        }
        words += "error " + said.joined(separator: "; ")
      }
      for error in errors {
        if let model = error.model { values.append(.init("rmse \(error.lead)", model)) }
        if let naive = error.naive { values.append(.init("naive \(error.lead)", naive)) }
        if let linear = error.linear { values.append(.init("linear \(error.lead)", linear)) }
      }
      values += [
        .init("alarms", Double(watch.alarms)), .init("changes", Double(watch.changes)),
        .init("refits", Double(watch.refits)), .init("missing", Double(watch.missing)),
      ]
      words += "; \(watch.alarms) alarms, \(watch.changes) changes, \(watch.missing) missing in \(watch.rows) rows"
      return .init(
        table: "Forecasts", key: name, values: values, words: words,
        explanation:
          "Root mean square errors by rows ahead, of the model, of the value one season before and of a linear autoregression."
      )
    }
  }

  /// The file in the run's folder.
  struct File: Sendable {
    private let url: URL

    init(_ url: URL) { self.url = url }

    func write(_ watched: WatchedColumns) throws {
      try JSONEncoder().encode(watched).write(to: url, options: .atomic)
    }

    /// nil where there is none: the run was stopped before its first saving, and begins with the first row.
    /// - Throws: `RunError` for one that cannot be read, or that other keys have made.
    func read(_ settings: WatchSettings, _ columns: [String]?, node: String) throws -> WatchedColumns? {
      guard FileManager.default.fileExists(atPath: url.path) else { return nil }
      let kept: WatchedColumns
      do { kept = try JSONDecoder().decode(WatchedColumns.self, from: Data(contentsOf: url)) } catch {
        throw RunError(.badInput, "\(url.path) cannot be read, which holds what \(node) has learnt; start a new run")
      }
      guard kept.watches.count == kept.names.count, kept.names.count <= WatchedColumns.mostColumns,
        (0...(1 << 53)).contains(kept.rows)
      else {
        throw RunError(.badInput, "\(url.path) is damaged, which holds what \(node) has learnt; start a new run")
      }
      guard kept.watches.allSatisfy({ $0.settings == settings }), columns == nil || columns == kept.names else {
        throw RunError(
          .badInput, "\(node): its keys are others than those that the run was begun with; start a new run")
      }
      // Only beside the settings that they must fit.
      guard kept.watches.allSatisfy(\.isSound) else {
        throw RunError(.badInput, "\(url.path) is damaged, which holds what \(node) has learnt; start a new run")
      }
      return kept
    }
  }
}
