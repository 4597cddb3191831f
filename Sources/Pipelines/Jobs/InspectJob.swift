public import Foundation
internal import Zarr

/// `holstream inspect`: what a run, a store, a checkpoint or a log holds.
public struct InspectJob: Sendable {
  private let url: URL
  private let verify: Bool
  private let repair: Bool
  private let apply: Bool
  /// Whether the answer is a JSON object.
  let json: Bool

  public init(url: URL, verify: Bool, repair: Bool, apply: Bool, json: Bool = false) {
    self.url = url
    self.verify = verify
    self.repair = repair
    self.apply = apply
    self.json = json
  }

  /// - Throws: `StoreError` or `LearningError` for what is neither; `RunError.badInput` when `--verify` found damage.
  ///
  /// - Parameter print: Takes an answer that an error follows.
  public func run(
    status: TerminalStatus = TerminalStatus(), print: (String) -> Void = { StandardStream.output.print($0) }
  ) throws -> String {
    if url.pathExtension == "safetensors" {
      return json ? try RunState.text(CheckpointContent(url)) : try checkpoint(url)
    }
    if url.pathExtension == "jsonl" { return try log(url, print) }
    if FileManager.default.fileExists(atPath: url.appending(path: "pipeline.yaml").path) {
      return try run(in: RunDirectory(url))
    }
    let start = ContinuousClock.now
    if repair, let lost = try StoreMetadataRepair(planning: url, layout: layoutOfRun) {
      guard apply else {
        return "\(url.path):\n\(lost)\nNothing was changed; add --apply to do this and to verify the chunks then."
      }
      try lost.apply()
      status.print("\(lost)")
    }
    let inspection = try StoreInspection(url, verify: verify || repair) { done, total in
      try Interruption.check("Stopped.")
      status.progress("verifying", done: done, of: total, since: start)
    }
    status.clear()
    guard repair else {
      let damaged = (inspection.damage?.count ?? 0) + (verify && inspection.lostLengths != nil ? 1 : 0)
      guard json else {
        if damaged > 0 { throw RunError(.badInput, inspection.description) }
        return inspection.description
      }
      let content = try RunState.text(StoreContent(inspection))
      guard damaged > 0 else { return content }
      // The object is the answer all the same; the exit code says that something is wrong.
      print(content)
      throw RunError(.badInput, "\(damaged) trajectories of \(url.relativePath) are damaged")
    }
    let plan = StoreRepair(planning: inspection)
    guard plan.isNeeded, apply else {
      return "\(inspection)\n\n\(plan)" + (plan.isNeeded ? "\nNothing was changed; add --apply to do this." : "")
    }
    try plan.apply()
    return "\(plan)\nDone."
  }

  /// How the store was laid out, by the pipeline file of the run that it is in.
  private func layoutOfRun() throws(StoreError) -> TrajectoryStoreLayout? {
    var folder = url.standardizedFileURL
    for _ in 0..<4 {
      folder = folder.deletingLastPathComponent()
      let file = folder.appending(path: "pipeline.yaml")
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      do {
        let description = try PipelineDescription(contentsOf: file)
        let directory = RunDirectory(folder)
        for node in description.nodes {
          guard let sink = node.component as? any Storing,
            sink.url(in: directory).standardizedFileURL.path == url.standardizedFileURL.path
          else { continue }
          return try sink.layout(of: node, in: description, directory: directory)
        }
      } catch { throw StoreError(.corrupt, url.path, "has lost metadata, and \(file.path) cannot be used: \(error)") }
    }
    return nil
  }

  /// Tells of what is there and of what is added, until nobody writes to the store any more. Blocks its thread.
  /// - Throws: `StoreError`; `RunError` when it is interrupted.
  public func follow(every seconds: TimeInterval = 0.5, _ print: (String) -> Void) throws {
    var follower = StoreFollower(try TrajectoryStoreReader(url))
    while true {
      // Asked before looking: what a writer stored before it let go is then seen.
      let isWritten = follower.isWritten
      let new = try follower.look()
      if let newest = new.max(by: { ($0.frames.upperBound, $0.trajectory) < ($1.frames.upperBound, $1.trajectory) }) {
        let last = newest.frames.upperBound - 1
        let time = try follower.reader.times(newest.trajectory, frames: last..<last + 1)
        print(
          "\(new.reduce(0) { $0 + $1.frames.count }) new frames of \(new.count) trajectories; trajectory \(newest.trajectory) has \(last + 1)"
            + (time.map { String(format: ", up to time %g", $0[0]) } ?? ""))
      }
      guard isWritten else { return }
      try Interruption.check("Stopped following.")
      Thread.sleep(forTimeInterval: seconds)
    }
  }
}
