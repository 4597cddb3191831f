public import Foundation

/// A batch whose loss or gradient was not finite, or exploded, with the reason.
public struct TrainingAnomaly: Sendable, Equatable {
  public let batch: TrainingBatch
  /// What the step found; its `anomaly` is the reason.
  public let report: TrainingStepReport

  public var reason: String { report.anomaly ?? "unknown" }

  private static let key = "holstream.anomaly"

  init(batch: TrainingBatch, report: TrainingStepReport) {
    self.batch = batch
    self.report = report
  }

  /// The file that keeps the anomaly: a checkpoint from before the step, with the batch beside it as `batch.rho`
  /// (B, N + 1, L, L, 2), `batch.Q`, `batch.P` (B, N + 1, L), the derivatives likewise, and where each sample begins.
  ///
  /// - Parameter checkpoint: Of the trainer, after the step that left its weights alone.
  public func safetensors(with checkpoint: Checkpoint) throws -> Safetensors {
    var before = checkpoint
    before.training?.step = report.step
    var file = try before.safetensors()
    file.tensors.merge(batch.tensors(prefix: "batch.")) { $1 }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    file.metadata[Self.key] = String(decoding: try encoder.encode(report), as: UTF8.self)
    return file
  }

  /// Reads an anomaly that was kept, and the checkpoint from before its step.
  ///
  /// `Trainer(resuming: checkpoint).loss(of: anomaly.batch, asStep: anomaly.report.step)` is the loss that went wrong.
  /// - Throws: `LearningError` when the file cannot be read or holds something else.
  public static func read(_ url: URL) throws -> (anomaly: TrainingAnomaly, checkpoint: Checkpoint) {
    let file = try Safetensors(contentsOf: url)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    guard let json = file.metadata[key],
      let report = try? decoder.decode(TrainingStepReport.self, from: Data(json.utf8))
    else {
      throw LearningError(.checkpointMismatch, "\(url.path): it holds no batch that went wrong")
    }
    let batch = try TrainingBatch(file, prefix: "batch.", name: url.path)
    return (TrainingAnomaly(batch: batch, report: report), try Checkpoint(file, name: url.path))
  }
}
