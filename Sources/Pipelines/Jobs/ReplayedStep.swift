internal import Foundation
internal import Learning

/// An optimizer step that was made again, beside what the run logged of it.
public struct ReplayedStep: Sendable, CustomStringConvertible {
  let report: TrainingStepReport
  /// Where the samples of the batch begin.
  let batch: [SampleIdentity]
  let unrolled: Int
  /// Nil when the run keeps no log of its steps, or was stopped by this one.
  let logged: TrainingStepReport?
  let run: String
  /// The checkpoint that was gone on from; nil for the beginning.
  let checkpoint: String?
  /// Where its frames came from.
  let usesStore: Bool
  let usesSimulator: Bool

  /// Whether the bits are those that were logged; nil without a log.
  public var agrees: Bool? {
    guard let logged else { return nil }
    return Self.rows(report).map(\.value.bitPattern) == Self.rows(logged).map(\.value.bitPattern)
      && report.anomaly == logged.anomaly && report.unrolled == logged.unrolled && report.stage == logged.stage
  }

  public var description: String {
    let sources = [
      usesStore ? "from the store" : nil, usesSimulator ? "simulated again" : nil,
    ].compactMap { $0 }.joined(separator: " and ")
    var lines = [
      "Step \(report.step) of \(run), made again from \(checkpoint ?? "the beginning"), frames \(sources).",
      "\(batch.count) samples, \(unrolled) step\(unrolled == 1 ? "" : "s") unrolled (trajectory:frame): "
        + batch.map { "\($0.trajectory):\($0.frame)" }.joined(separator: " "),
      "", "".padded(to: 16) + "made again".padded(to: 18) + (logged == nil ? "" : "logged"),
    ]
    let before = logged.map(Self.rows)
    for (k, row) in Self.rows(report).enumerated() {
      lines.append(
        row.name.padded(to: 16) + "\(row.value)".padded(to: 18)
          + (before.map { k < $0.count ? "\($0[k].value)" : "" } ?? ""))
    }
    if let anomaly = report.anomaly { lines.append("It changed nothing: \(anomaly).") }
    switch agrees {
    case true?: lines += ["", "The bits are those that were logged."]
    case false?: lines += ["", "These are not the bits that were logged: another machine, or another program?"]
    case nil: lines += ["", "The run logged nothing of this step."]
    }
    return lines.joined(separator: "\n")
  }

  static func rows(_ report: TrainingStepReport) -> [(name: String, value: Float)] {
    func terms(_ prefix: String, _ terms: [LossTerms.Term]) -> [(name: String, value: Float)] {
      terms.map { (prefix + $0.name, $0.value) }
    }
    return [("loss", report.loss.total)] + terms("  ", report.loss.state)
      + (report.loss.tendency.map { terms("  d/dt ", $0) } ?? [])
      + [("gradient norm", report.gradientNorm), ("learning rate", report.learningRate)]
  }
}
