internal import Climate
internal import Foundation
internal import Streams

/// What a finished run says at its end, in plain words.
public struct RunSummary: Sendable, CustomStringConvertible {
  private var lines: [String] = []

  init(_ run: PipelineRun, elapsed: Duration) {
    let directory = run.directory
    lines.append("Done in \(TerminalStatus.brief(elapsed)).")
    let verdicts = Self.verdicts(in: run)
    if let last = verdicts.last, let best = verdicts.min(by: { Self.score($0) < Self.score($1) }) {
      lines += ["", "What it learned: \(last.plainWords)"]
      if best.checkpoint != last.checkpoint {
        lines.append(
          "The best of \(verdicts.count) judged checkpoints is \(best.checkpoint): "
            + String(format: "Δρ %.2e, ΔQ %.2e.", best.errors.deltaRho, best.errors.deltaQ))
      }
      if let published = Published.errors(run.description, last) {
        lines.append(
          String(
            format: "The published model's rollout errors over 300 steps at L = %d are Δρ %.2e", published.sites,
            published.deltaRho)
            + (published.deltaQ.map { String(format: " and ΔQ %.2e", $0) } ?? "")
            + String(format: ": ours are %.2f", last.errors.deltaRho / published.deltaRho)
            + (published.deltaQ.map { String(format: " and %.2f", last.errors.deltaQ / $0) } ?? "") + " times those.")
      }
    } else if run.description.nodes.contains(where: { $0.component is VerdictStage }) {
      lines.append("No checkpoint was judged.")
    }
    lines.append(run.pipeline.graph.snapshot().bottleneck)
    lines += ["", "Everything is in \(directory.shown()):"]
    for (name, meaning) in [("checkpoints", "models, newest last"), ("report.html", "the page as one file")]
    where FileManager.default.fileExists(atPath: directory.file(name).path) {
      lines.append("  \(name.padded(to: 20)) \(meaning)")
    }
    for store in run.description.nodes.compactMap({ $0.component as? ZarrSink }) {
      let path = RunDirectory.shown(store.url(in: directory))
      lines += [
        "  \(store.url(in: directory).lastPathComponent.padded(to: 20)) the trajectories, for any reader of Zarr v3",
        "", "To open them in Python (pip install zarr xarray):", "  import xarray",
        "  run = xarray.open_zarr(\"\(path)\", consolidated=False)",
        "  frames = int(run.length[0])              # stored frames of trajectory 0",
        "  run.Q[0, :frames].plot()                  # displacement against time and site",
      ]
    }
  }

  public var description: String { lines.joined(separator: "\n") }

  private static func score(_ verdict: Verdict) -> Double {
    let sum = verdict.errors.deltaRho + verdict.errors.deltaQ
    return sum.isFinite ? sum : .infinity
  }

  private static func verdicts(in run: PipelineRun) -> [Verdict] {
    guard
      let log = run.description.nodes.first(where: { node in
        node.component is JSONLinesSink
          && run.description.nodes.contains { $0.id == node.from && $0.component is VerdictStage }
      }), let path = (log.component as? JSONLinesSink)?.path
    else { return [] }
    var follower = JSONLinesFollower(run.directory.file(path))
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var verdicts: [Verdict] = []
    while let items = try? follower.read(), !items.isEmpty {
      for case .line(let line) in items {
        if let verdict = try? decoder.decode(Verdict.self, from: Data(line.object.utf8)) { verdicts.append(verdict) }
      }
    }
    return verdicts.sorted { $0.step < $1.step }
  }
}

/// What the published 5 364-parameter model reaches on the shallow quench, measured with its own program.
enum Published {
  static func errors(_ description: PipelineDescription, _ verdict: Verdict) -> (
    sites: Int, deltaRho: Double, deltaQ: Double?
  )? {
    guard verdict.frames == 300,
      let source = description.nodes.lazy.compactMap({ $0.component as? HolsteinSource }).first,
      source.isPublishedShallowQuench
    else { return nil }
    return switch source.sites {
    case 16: (16, 4.16e-3, 2.71e-3)
    case 32: (32, 2.17e-3, nil)
    default: nil
    }
  }
}
