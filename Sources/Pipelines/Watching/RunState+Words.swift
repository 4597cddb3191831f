public import Foundation
internal import Streams

extension RunState {
  /// Why the run is as it is, in a sentence or two, with what to do where something can be done.
  public func why(in directory: RunDirectory) -> String {
    let resume = "To go on: holstream run \(directory.shown("pipeline.yaml")) --directory \(directory.shown()) --resume"
    switch phase {
    case .running:
      return graph?.bottleneck ?? "It runs, and has not said yet who waits for whom."
    case .complete:
      return "It is complete. " + (graph?.bottleneck ?? "")
    case .stopped, .alert, .failed:
      let said = reason ?? "It ended without a reason."
      return said.contains("--resume") ? said : "\(said)\n\(resume)"
    case .died:
      let last = updated.map { " Its last word is of \(Self.instant($0))." } ?? ""
      return
        "Its process \(process.map { "\($0.identifier) " } ?? "")is gone without a word: it was killed, or the machine went "
        + "down.\(last) What it had stored and its checkpoints are there.\n\(resume)"
    case .unknown:
      return "Nothing says how it ended: an earlier version ran it, or it never began.\n\(resume)"
    }
  }

  /// The state and the words of `why` as one JSON object.
  public func json(whyIn directory: RunDirectory) throws -> String {
    struct Content: Encodable {
      var run: String
      var why: String
      var state: RunState
    }
    return try Self.text(Content(run: directory.shown(), why: why(in: directory), state: self))
  }

  /// `12 s`, `3 min`, `5 h`, `4 days` before an instant.
  static func age(_ date: Date?, at now: Date) -> String {
    guard let date else { return "" }
    let seconds = max(0, now.timeIntervalSince(date))
    return switch seconds {
    case ..<100: "\(Int(seconds)) s"
    case ..<6000: "\(Int(seconds / 60)) min"
    case ..<172_800: "\(Int(seconds / 3600)) h"
    default: "\(Int(min(seconds / 86_400, 1e6))) days"
    }
  }

  static func instant(_ date: Date) -> String { date.formatted(.iso8601) }

  /// Everything at a glance, line by line, for a terminal.
  /// - Parameter width: Characters of a line; nil where nobody counts them.
  public func lines(of directory: RunDirectory, at now: Date = Date(), width: Int? = nil) -> [String] {
    guard let width, width < 100 else { return wideLines(of: directory, at: now) }
    // An edge's numbers go below its name.
    let edges = Set((graph?.edges ?? []).map { "  \($0.from) → \($0.to)" })
    return wideLines(of: directory, at: now).flatMap { line -> [String] in
      guard let name = edges.first(where: { line.hasPrefix($0 + " ") }) else {
        return line.wrapped(to: width, indent: "  ").split(separator: "\n").map(String.init)
      }
      let numbers = line.dropFirst(name.count).split(separator: " ").joined(separator: " ")
      return [name] + "    \(numbers)".wrapped(to: width, indent: "  ").split(separator: "\n").map(String.init)
    }
  }

  private func wideLines(of directory: RunDirectory, at now: Date) -> [String] {
    var lines = ["\(directory.shown()): \(pipeline), \(phase.rawValue)"]
    if let started, phase == .running { lines[0] += " for \(Self.age(started, at: now))" }
    if let process, phase == .running, process.isAlive == nil {
      lines[0] += " on \(process.host), last heard of \(Self.age(updated, at: now)) ago"
    }
    if let step, let steps {
      var line = "step \(step) of \(steps)"
      if let loss { line += String(format: ", loss %.3e", loss) }
      if let stepsPerSecond, phase == .running { line += String(format: ", %.3g steps a second", stepsPerSecond) }
      if let secondsLeft, phase == .running, secondsLeft < 1e9 {
        line += ", \(TerminalStatus.brief(.seconds(secondsLeft))) left"
      }
      lines.append(line)
    }
    lines.append("\(frames) frames on the busiest edge, \(judged) verdicts")
    if let best {
      lines.append(
        "best: step \(best.step) by \(best.measure) (\(best.shortScore))"
          + (best.words.map { ", \($0)" } ?? ""))
    }
    for edge in graph?.edges ?? [] {
      let counters = edge.counters
      lines.append(
        "  \(edge.from) → \(edge.to)".padded(to: 36)
          + "\(counters.depth)/\(counters.capacity)".padded(to: 10) + "\(counters.sent) sent".padded(to: 18)
          + (counters.dropped > 0 ? "\(counters.dropped) dropped  " : "")
          + String(format: "blocked %.0f s, starved %.0f s", counters.secondsBlocked, counters.secondsStarved))
    }
    return lines + why(in: directory).split(separator: "\n").map(String.init)
  }
}
