public import Foundation
internal import Learning
internal import Trajectories
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
    guard (0...1_000_000_000).contains(steps) else {
      throw RunError(.usage, "--steps must be from 0 to 1 000 000 000, got \(steps)")
    }
    guard FileManager.default.isReadableFile(atPath: checkpoint.path) else {
      throw RunError(.badInput, "there is no checkpoint \(checkpoint.relativePath)")
    }
    let model = try ModelCatalogue.model(contentsOf: checkpoint)
    var store = try StoredTrajectories(origin)
    // Of a store that does not say what neighbours are the model knows it.
    if store.layout.domain == .none, let domain = model.layout?.domain {
      store = try DomainWord(domain).applied(to: store)
    }
    try LoggedUnits.check(checkpoint, against: store.system, in: origin.relativePath)
    let starts = try store.states(frame: frame)
    guard !starts.isEmpty else {
      throw RunError(.badInput, "\(origin.relativePath) holds no trajectory from which to predict")
    }
    var attributes = StoreFields.attributes(of: store.system, interval: store.interval)
    if store.isIntervalAssumed { attributes[StoreFields.assumedIntervalKey] = .bool(true) }
    attributes[StoreFields.predictedByKey] = .string(checkpoint.lastPathComponent)
    attributes["surrogate"] = .string(model.summary)
    let fields = StoreFields.fields(of: store.layout, isSingle: true, withMids: false)
    let plan = try StoreFields.Plan(fields, of: store.layout, in: output.relativePath)
    // Before anything is written: a model of another state says so here.
    _ = try model.predictor(for: store.layout)
    let patience = DiskPatience(halt: Interruption.signal) { status.print($0) }
    let made = try patience.blocking(nil) {
      try TrajectoryStoreWriter(
        creating: output, layout: TrajectoryStoreLayout(fields: fields, attributes: attributes))
    }
    guard let writer = made else { throw SimulateJob.noSpace(output, nil) }
    func close() throws {
      guard try patience.blocking(nil, { try writer.close() }) != nil else {
        throw SimulateJob.noSpace(output, writer)
      }
    }
    let start = ContinuousClock.now
    var diverged = 0
    defer { status.clear() }
    for (trajectory, initial) in starts.enumerated() {
      let predictor = try model.predictor(for: store.layout)
      // Of the frames before the start a model with memory is shown as many as it depends on, where the store has them.
      if let frame, frame > 0, model.memory > 0 {
        for earlier in try store.frames(of: initial.trajectory, max(0, frame - model.memory)..<frame) {
          predictor.observe(earlier.state.single)
        }
      }
      var state = initial.state.single
      for step in 0...steps {
        if step > 0 { predictor.advance(&state) }
        let next = Frame(
          trajectory: trajectory, index: step, time: Double(step) * store.interval, state: state.double)
        guard try patience.blocking(nil, { try writer.append(next, plan) }) != nil else {
          throw SimulateJob.noSpace(output, writer)
        }
        if Interruption.isRequested {
          try close()
          throw RunError(
            .interrupted,
            "Stopped in trajectory \(trajectory) of \(starts.count); what was predicted is in \(output.relativePath).")
        }
        status.progress(
          "predicting", done: trajectory * (steps + 1) + step + 1, of: starts.count * (steps + 1), since: start)
      }
      if !state.isFinite { diverged += 1 }
    }
    try close()
    let deleted = store.reader.retired
    return "Wrote \(starts.count) rollouts of \(steps) steps by \(model.summary) to \(output.relativePath)."
      + (deleted > 0
        ? " They are of trajectories \(deleted) and following; those before were deleted from the store." : "")
      + (diverged > 0 ? " \(diverged) of them ended in numbers that are not finite." : "")
  }
}
