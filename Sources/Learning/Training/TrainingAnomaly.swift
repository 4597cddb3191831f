public import Foundation

/// A batch whose loss or gradient was not finite, or exploded, with the reason.
public struct TrainingAnomaly: Sendable, Equatable {
  public let batch: TrainingBatch
  /// What the step found; its `anomaly` is the reason.
  public let report: TrainingStepReport

  public var reason: String { report.anomaly ?? "unknown" }

  init(batch: TrainingBatch, report: TrainingStepReport) {
    self.batch = batch
    self.report = report
  }

  /// The file that keeps the anomaly: a checkpoint from before the step, with the batch beside it: each field
  /// as `batch.state.FIELD` (B, N + 1, …), the derivatives as `batch.tendency.FIELD` (B, N, …), and where each sample
  /// begins.
  ///
  /// - Parameter checkpoint: Of the trainer, after the step that left its weights alone.
  public func safetensors(with checkpoint: Checkpoint) throws -> Safetensors {
    var before = checkpoint
    before.training?.step = report.step
    before.model.layout = before.model.layout ?? batch.layout
    before.training?.configuration.model.layout = before.model.layout
    var file = try before.safetensors()
    file.tensors.merge(batch.tensors(prefix: TrainedFile.batchPrefix)) { $1 }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    file.metadata[ModelFileKey.anomaly] = String(decoding: try encoder.encode(report), as: UTF8.self)
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
    guard let json = file.metadata[ModelFileKey.anomaly],
      let report = try? decoder.decode(TrainingStepReport.self, from: Data(json.utf8))
    else {
      throw LearningError(.checkpointMismatch, "\(url.path): it holds no batch that went wrong")
    }
    let checkpoint = try Checkpoint(file, name: url.path)
    let batch = try TrainingBatch(
      file, prefix: TrainedFile.batchPrefix, layout: checkpoint.layout, name: url.path)
    return (TrainingAnomaly(batch: batch, report: report), checkpoint)
  }
}
