internal import Foundation
internal import Learning
internal import Trajectories

/// Whether a model that learnt from a log is used on states in the units that it learnt.
enum LoggedUnits {
  /// - Throws: `LearningError` when both say their means and deviations, and these are not the same.
  static func check(_ checkpoint: URL, against system: any SystemDescription, in place: String) throws {
    guard let stored = Standardisation(system.attributes),
      let attributes = (try? Checkpoint(contentsOf: checkpoint))?.system, let learnt = Standardisation(attributes)
    else { return }
    for column in learnt.columns {
      guard let other = stored.columns.first(where: { $0.name == column.name }), other != column else { continue }
      throw LearningError(
        .checkpointMismatch,
        "\(checkpoint.lastPathComponent) learnt \(column.name) in units of \(column.deviation) about \(column.mean), "
          + "\(place) has it in units of \(other.deviation) about \(other.mean): its numbers would be wrong. Use a store "
          + "of the run that it learnt in, or learn anew")
    }
  }
}
