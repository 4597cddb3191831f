internal import Disk
internal import Foundation
internal import Learning

/// The folder of a run's batches that went wrong: `anomalies/step-00000500.safetensors`.
struct AnomalyFolder: Sendable {
  let url: URL
  /// The first so many are kept: what comes after is mostly their consequence, and a disk is finite.
  let limit: Int

  /// - Returns: The file, or nil when there are enough.
  /// - Throws: `LearningError` or `DiskError` when it cannot be written.
  func keep(_ anomaly: TrainingAnomaly, of trainer: Trainer) throws -> URL? {
    let folder = CheckpointFolder(url)
    let file = folder.file(step: anomaly.report.step).url
    let known = folder.files
    guard known.count < limit || known.contains(where: { $0.step == anomaly.report.step }) else { return nil }
    // The run's folder is not made anew where it was removed.
    guard mkdir(url.path, 0o755) == 0 || errno == EEXIST else { throw DiskError(url.path, cannotBe: "made", errno) }
    try anomaly.safetensors(with: trainer.checkpoint()).write(to: file)
    return file
  }
}
