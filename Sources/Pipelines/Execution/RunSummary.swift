internal import Climate
internal import Foundation
internal import Streams
internal import Systems
internal import Trajectories
internal import Zarr

/// What a finished run says at its end, in plain words.
public struct RunSummary: Sendable, CustomStringConvertible {
  private var lines: [String] = []

  init(_ run: PipelineRun, elapsed: Duration) {
    let directory = run.directory
    lines.append("Done in \(TerminalStatus.brief(elapsed)).")
    if let last = run.judged.last {
      lines += ["", "What it learned: \(last.words)"]
      lines += Self.best(run, after: last)
      lines += Self.published(run, last)
    } else if run.description.nodes.contains(where: { $0.component is any Judging }) {
      lines.append("No checkpoint was judged\(run.judged.refusal.map { ": \($0)" } ?? ".")")
    }
    lines.append(run.pipeline.graph.snapshot().bottleneck)
    lines += ["", "Everything is in \(directory.shown()):"]
    for (name, meaning) in [("checkpoints", "models, newest last"), ("report.html", "the page as one file")]
    where FileManager.default.fileExists(atPath: directory.file(name).path) {
      lines.append("  \(name.padded(to: 20)) \(meaning)")
    }
    for node in run.description.nodes {
      guard let store = (node.component as? any Storing)?.url(in: directory),
        FileManager.default.fileExists(atPath: store.path)
      else { continue }
      lines += [
        "  \(store.lastPathComponent.padded(to: 20)) the trajectories, for any reader of Zarr v3",
        "", "To open them in Python (pip install zarr xarray):", "  import xarray",
        "  run = xarray.open_zarr(\"\(RunDirectory.shown(store))\", consolidated=False)",
      ]
      guard let stored = try? StoredTrajectories(store) else { continue }
      // The first may have been deleted by retention.
      let number = (0..<stored.reader.trajectories).first { stored.reader.length($0) > 0 } ?? 0
      lines.append("  frames = int(run.length[\(number)])".padded(to: 43) + "# stored frames of trajectory \(number)")
      if let field = Self.plotted(stored.layout) { lines.append("  run[\"\(field)\"][\(number), :frames].plot()") }
    }
  }

  /// An array that can be drawn as it is: real, of at most one axis; the first of those with most numbers.
  private static func plotted(_ layout: StateLayout) -> String? {
    let fields = layout.fields.filter { !$0.isComplex && $0.shape.count <= 1 }
    let most = fields.map(\.count).max()
    return fields.first { $0.count == most }?.name
  }

  public var description: String { lines.joined(separator: "\n") }

  /// The checkpoint that the ledger calls best, where it is not the last one.
  private static func best(_ run: PipelineRun, after last: Verdict) -> [String] {
    let judges = run.description.nodes.filter { $0.component is any Judging }
    guard let ledger = run.ledger?.current, let judge = judges.first, let best = ledger.best(by: judge.id),
      best.step != last.step
    else { return [] }
    // The errors first: a climate score is a ratio, and large where there is next to nothing to be a ratio of.
    let words = run.judged.words[best.step].map { " with \($0)" } ?? ""
    return [
      "The best of \(run.judged.count) judged checkpoints is that of step \(best.step)\(words), chosen by \(best.measure) (\(String(format: "%.3g", best.score)))."
    ]
  }

  /// What is published for the same system and horizon, beside ours.
  private static func published(_ run: PipelineRun, _ verdict: Verdict) -> [String] {
    guard let known = run.systems.lazy.compactMap({ $0 as? any PublishedErrors }).first else { return [] }
    let figures = known.published(frames: verdict.frames)
    guard !figures.isEmpty else { return [] }
    let symbols = figures.map { figure in
      (verdict.observables.first { $0.name == figure.observable }?.symbol ?? figure.observable)
        + String(format: " %.2e", figure.error)
    }
    let ratios = figures.map { String(format: "%.2f", (verdict.errors[$0.observable] ?? .nan) / $0.error) }
    return [
      "The published model's rollout errors over \(verdict.frames) steps are \(symbols.joined(separator: " and ")): ours are \(ratios.joined(separator: " and ")) times those."
    ]
  }
}
