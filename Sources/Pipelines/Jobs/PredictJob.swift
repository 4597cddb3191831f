public import Foundation
internal import Systems
internal import Learning
internal import Zarr

/// `holstream predict`: rollouts of a trained model into a store.
public struct PredictJob: Sendable {
  private let checkpoint: URL
  private let origin: URL
  private let frame: Int?
  private let steps: Int
  private let output: URL

  public init(checkpoint: URL, origin: URL, frame: Int?, steps: Int, output: URL) {
    self.checkpoint = checkpoint
    self.origin = origin
    self.frame = frame
    self.steps = steps
    self.output = output
  }

  /// - Returns: What was done, for the user.
  /// - Throws: `LearningError`, `StoreError` or `RunError`.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    guard steps >= 0 else { throw RunError(.usage, "--steps must be 0 or more, got \(steps)") }
    guard FileManager.default.isReadableFile(atPath: checkpoint.path) else {
      throw RunError(.badInput, "there is no checkpoint \(checkpoint.relativePath)")
    }
    let model = try ModelCatalogue.model(contentsOf: checkpoint)
    let store = try StoredTrajectories(origin)
    let states = try store.states(frame: frame)
    var attributes = FrameFields.attributes(store)
    attributes["predicted_by"] = .string(checkpoint.lastPathComponent)
    attributes["surrogate"] = .string(model.summary)
    let writer = try TrajectoryStoreWriter(
      creating: output,
      layout: TrajectoryStoreLayout(
        fields: FrameFields.fields(sites: store.sites, isSingle: true, withMids: false), attributes: attributes))
    let start = ContinuousClock.now
    var diverged = 0
    defer { status.clear() }
    for (trajectory, initial) in states.enumerated() {
      let predictor = try model.predictor(sites: store.sites)
      var state = SurrogateState(initial)
      for step in 0...steps {
        if step > 0 { predictor.advance(&state) }
        let frame = Frame(
          trajectory: trajectory, index: step, time: Double(step) * store.interval, state: state.lattice)
        try writer.append(trajectory: trajectory, time: frame.time, FrameFields.values(frame, writer.layout.fields))
        if Interruption.isRequested {
          try writer.close()
          throw RunError(
            .interrupted,
            "Stopped in trajectory \(trajectory) of \(states.count); what was predicted is in \(output.relativePath).")
        }
        status.progress(
          "predicting", done: trajectory * (steps + 1) + step + 1, of: states.count * (steps + 1), since: start)
      }
      if !state.values.allSatisfy(\.isFinite) { diverged += 1 }
    }
    try writer.close()
    return "Wrote \(states.count) rollouts of \(steps) steps by \(model.summary) to \(output.relativePath)."
      + (diverged > 0 ? " \(diverged) of them ended in numbers that are not finite." : "")
  }
}
