internal import Foundation

/// What came of a sweep, a row a run.
public struct SweepResult: Sendable {
  struct Row: Encodable {
    var run: String
    /// By the key that was swept over.
    var values: [String: String]
    var phase: RunState.Phase
    /// Why it ended, where it did not come to its own end.
    var reason: String?
    var step: Int?
    var steps: Int?
    var loss: Double?
    var best: RunState.Best?
    /// Seconds from the beginning to the end of the last attempt.
    var seconds: Double?
  }

  private let paths: [String]
  private let rows: [Row]

  init(_ plan: SweepPlan, _ folder: URL) {
    paths = plan.axes.map(\.path)
    let paths = paths
    rows = plan.points.enumerated().map { index, point in
      let directory = RunDirectory(folder.appending(path: "\(index + 1)", directoryHint: .isDirectory))
      let state = try? RunState(of: directory)
      return Row(
        run: directory.shown(), values: Dictionary(zip(paths, point)) { first, _ in first },
        phase: state?.phase ?? .unknown, reason: state?.reason, step: state?.step, steps: state?.steps,
        loss: state?.loss, best: state?.best,
        seconds: state.flatMap { state in state.started.flatMap { state.updated?.timeIntervalSince($0) } })
    }
  }

  /// Whether every run came to its own end.
  public var isComplete: Bool { rows.allSatisfy { $0.phase == .complete } }

  /// A JSON array, an object a run.
  public var json: String { (try? RunState.text(rows)) ?? "[]" }

  /// A row a run, for a terminal; the best by the measure of its verdicts is marked.
  public func table(width: Int? = nil) -> String {
    let measured = rows.compactMap { row in row.best.map { (row.run, $0) } }
    let measures = Set(measured.map(\.1.measure))
    // Scores of several measures cannot be ranked.
    let best = measures.count == 1 ? measured.min { $0.1.score < $1.1.score }?.0 : nil
    // What a key is called, as far as that tells the keys apart.
    let last = paths.map { path in path.split(separator: ".").last.map(String.init) ?? path }
    let names = Set(last).count == last.count ? last : paths
    let cells = rows.map { row -> [String] in
      let step = row.step.map { step in row.steps.map { "\(step)/\($0)" } ?? "\(step)" } ?? ""
      let loss = row.loss.map { String(format: "%.3e", $0) } ?? ""
      let verdict = row.best.map { "step \($0.step): \($0.measure) \($0.shortScore)" } ?? ""
      let phase = row.phase == .unknown ? "not begun" : row.phase.rawValue
      return [row.run] + paths.map { row.values[$0] ?? "" }
        + [phase, step, loss, verdict, row.run == best ? "← best" : ""]
    }
    return TextTable(head: ["run"] + names + ["state", "step", "loss", "best verdict", ""], rows: cells)
      .text(width: width)
  }
}
