internal import Foundation
internal import Trajectories

/// Turns observations of a log into frames of equal intervals, by one rule and without inventing a number.
///
/// A trajectory is a stretch of the log in which time goes on by the interval, up to the tolerance. Anything else ends it
/// and begins the next: a gap, an interval that differs, a time that stands still or goes back, a number that is missing.
/// Nothing is interpolated, and each break is counted by its kind.
struct StateAssembler: Sendable {
  /// Why a trajectory ended.
  enum Break: String, Sendable, CaseIterable {
    case gap = "a gap in time"
    case irregular = "an irregular interval"
    case backwards = "a time that stands still or goes back"
    case missing = "a number that is missing"
  }

  let names: [String]
  private let layout: StateLayout
  /// Nil until it was taken from the log.
  private(set) var interval: Double?
  /// Largest deviation of an interval, as a share of it.
  let tolerance: Double
  /// Rows from which means and deviations are taken before the first frame; 0 for none.
  let rows: Int
  private(set) var standardisation: Standardisation?
  private(set) var breaks: [Break: Int] = [:]
  /// Trajectories begun.
  private(set) var trajectories = 0
  /// Trajectories that get no more frames since they were last taken, with their lengths.
  private var ended: [(trajectory: Int, frames: Int)] = []
  private var waiting: [Observation] = []
  /// By the log's own trajectory: where it stands.
  private var open: [Int: Open] = [:]

  private struct Open: Sendable {
    var trajectory: Int
    var nextIndex: Int
    var time: Double
  }

  /// - Parameters:
  ///   - interval: Nil to take the median of the first rows'.
  ///   - standardisation: Nil to take it from the first rows.
  init(
    names: [String], interval: Double?, tolerance: Double, rows: Int, standardisation: Standardisation? = nil
  ) {
    self.names = names
    layout = StateLayout(names.map { Field($0) })
    self.interval = interval
    self.tolerance = tolerance
    self.rows = rows
    self.standardisation = standardisation ?? (rows == 0 ? Standardisation(none: names) : nil)
  }

  /// Rows that must have come before there are frames.
  private var needed: Int { max(rows, interval == nil ? 16 : 0) }

  /// Takes in a row.
  /// - Returns: The frames that are certain now.
  mutating func add(_ observation: Observation) -> [Frame] {
    guard standardisation == nil || interval == nil else { return frame(observation).map { [$0] } ?? [] }
    waiting.append(observation)
    return waiting.count >= needed ? settle() : []
  }

  /// The log has ended: what waits for more rows gets by with what there is.
  mutating func finish() -> [Frame] { waiting.isEmpty ? [] : settle() }

  private mutating func settle() -> [Frame] {
    if standardisation == nil {
      standardisation = Standardisation(names, rows: waiting.map(\.values).filter { $0.allSatisfy(\.isFinite) })
    }
    if interval == nil {
      let steps = Dictionary(grouping: waiting, by: \.trajectory).values.flatMap { rows in
        zip(rows, rows.dropFirst()).map { $1.time - $0.time }.filter { $0 > 0 }
      }.sorted()
      interval = steps.isEmpty ? 1 : steps[steps.count / 2]
    }
    defer { waiting = [] }
    return waiting.compactMap { frame($0) }
  }

  private mutating func frame(_ observation: Observation) -> Frame? {
    let interval = interval!
    guard observation.values.allSatisfy(\.isFinite), observation.time.isFinite else {
      breaks[.missing, default: 0] += 1
      if let before = open.removeValue(forKey: observation.trajectory) { end(before) }
      return nil
    }
    var place: Open
    if let before = open[observation.trajectory] {
      let step = observation.time - before.time
      if abs(step - interval) <= tolerance * interval {
        place = before
      } else {
        let reason: Break = step <= 0 ? .backwards : step > 1.5 * interval ? .gap : .irregular
        breaks[reason, default: 0] += 1
        end(before)
        place = begin()
      }
    } else {
      place = begin()
    }
    let frame = Frame(
      trajectory: place.trajectory, index: place.nextIndex, time: observation.time,
      state: State(layout, standardisation!.standardised(observation.values)))
    place.nextIndex += 1
    place.time = observation.time
    open[observation.trajectory] = place
    return frame
  }

  private mutating func end(_ place: Open) { ended.append((place.trajectory, place.nextIndex)) }

  /// The trajectories that have ended since this was asked last: the next one of the same object has begun, or cannot but
  /// begin.
  mutating func takeEnded() -> [(trajectory: Int, frames: Int)] {
    defer { ended = [] }
    return ended
  }

  private mutating func begin() -> Open {
    defer { trajectories += 1 }
    return Open(trajectory: trajectories, nextIndex: 0, time: 0)
  }

  /// What became of the rows that did not go on, in one sentence; nil when all did.
  var sentence: String? {
    guard !breaks.isEmpty else { return nil }
    let parts = Break.allCases.compactMap { kind in breaks[kind].map { "\($0) × \(kind.rawValue)" } }
    return
      "the log broke off \(breaks.values.reduce(0, +)) times (\(parts.joined(separator: ", "))); each time a new trajectory began, nothing was interpolated"
  }
}
