public import Foundation
internal import Learning
internal import Zarr

/// `holstream inspect`: what a store or a checkpoint holds.
public struct InspectJob: Sendable {
  private let url: URL
  private let verify: Bool
  private let repair: Bool
  private let apply: Bool

  public init(url: URL, verify: Bool, repair: Bool, apply: Bool) {
    self.url = url
    self.verify = verify
    self.repair = repair
    self.apply = apply
  }

  /// - Throws: `StoreError` or `LearningError` for what is neither; `RunError.badInput` when `--verify` found damage.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    if url.pathExtension == "safetensors" { return try checkpoint() }
    let start = ContinuousClock.now
    let inspection = try StoreInspection(url, verify: verify || repair) { done, total in
      try Interruption.check("Stopped.")
      status.progress("verifying", done: done, of: total, since: start)
    }
    status.clear()
    guard repair else {
      if let damage = inspection.damage, !damage.isEmpty { throw RunError(.badInput, inspection.description) }
      return inspection.description
    }
    let plan = StoreRepair(planning: inspection)
    guard plan.isNeeded, apply else {
      return "\(inspection)\n\n\(plan)" + (plan.isNeeded ? "\nNothing was changed; add --apply to do this." : "")
    }
    try plan.apply()
    return "\(plan)\nDone."
  }

  private func checkpoint() throws -> String {
    let checkpoint = try Checkpoint(contentsOf: url)
    let model = checkpoint.model
    var lines = [
      "\(url.relativePath): \(model.family.rawValue), \(model.channels) channels × \(model.blocks) blocks, \(model.parameterCount) parameters",
      "  data scalars: ρ \(model.scalars.rho), Q \(model.scalars.q), P \(model.scalars.p)",
    ]
    if let training = checkpoint.training {
      lines.append(
        "  training: step \(training.step) of \(training.configuration.curriculum.batches), seed \(training.configuration.seed); can be resumed"
      )
    } else {
      lines.append("  weights only")
    }
    for (key, value) in checkpoint.notes.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(key): \(value.count > 80 ? value.prefix(77) + "…" : value)")
    }
    return lines.joined(separator: "\n")
  }
}
