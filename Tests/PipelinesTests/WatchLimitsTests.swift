import Foundation
import TestSupport
import Testing

@Suite("What the kernel allows of inotify", .timeLimit(.minutes(15)))
struct WatchLimitsTests {
  /// Runs a program where its user may have so much of a resource and no more, in a user namespace of its own.
  private static func limited(_ limit: String, to most: Int, _ program: URL, _ arguments: [String]) throws -> (
    status: Int32, output: String
  ) {
    let script = #"echo "$1" >"/proc/sys/user/$0" || exit 99; shift; exec "$@""#
    return try run(
      URL(filePath: "/usr/bin/unshare"), ["-U", "-r", "sh", "-c", script, limit, "\(most)", program.path] + arguments)
  }

  /// Tried, because some systems give no user namespaces, or not in a container.
  private static let isAvailable =
    (try? limited("max_inotify_watches", to: 1, URL(filePath: "/bin/true"), []))?.status == 0

  private static let pipeline = """
    name: limited
    seed: 3
    until: train
    held-out-one-in: 4
    sources:
      source: { simulate: { system: lorenz-63, trajectories: 4, frames: 40, ensembles: 2 } }
      checkpoints: { checkpoint-watch: { rescan: 50ms } }
    stages:
      train:
        from: source
        online-trainer:
          model: { family: mlp, width: 4, layers: 1 }
          batch: 2
          window: 4
          reservoir: 10
          warm-up-frames: 60
          warm-up-steps: 2
          frames-per-step: 5
          workers: 1
          curriculum: [{ batches: 12, steps: 1 }]
          checkpoint-every: 4
      evaluate:
        from: checkpoints
        verdict: { truth: source, horizon: 10, rollouts: 1, baseline-frames: 60, resamples: 2 }
    sinks:
      verdicts: { from: evaluate, jsonl: verdicts.jsonl }
    """

  /// The listener's own watch is the first; the folder's is the second.
  @Test(
    "A run that may have no inotify says so, looks by the timer, and judges every checkpoint",
    .enabled(if: isAvailable, "no user namespace can be made here to set the limits in"),
    arguments: [("max_inotify_instances", 0), ("max_inotify_watches", 1)])
  func limits(name: String, most: Int) async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "limited.yaml")
      try Data(Self.pipeline.utf8).write(to: file)
      let out = folder.appending(path: "out")
      let (status, output) = try Self.limited(
        name, to: most, BuiltProgram().url, ["run", file.path, "--no-page", "--directory", out.path])
      #expect(status == 0, "\(output)")
      #expect(output.contains("checkpoints is looked at every 0.05 seconds only: this user may have no more inotify"))
      #expect(output.contains("sysctl fs.inotify.max_user_\(name.dropFirst("max_inotify_".count))"))
      let verdicts = try String(contentsOf: out.appending(path: "verdicts.jsonl"), encoding: .utf8)
      #expect(verdicts.split(separator: "\n").count == 3, "\(output)")
    }
  }
}
