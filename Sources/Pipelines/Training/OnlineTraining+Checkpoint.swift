internal import Foundation
internal import Learning
internal import Streams
internal import Trajectories

/// What a checkpoint notes of a training, read back.
extension OnlineTraining {
  static let positionNote = "position"
  static let reservoirNote = "reservoir"
  static let scalarsNote = "scalars"
  static let validationNote = "validation"
  static let initialWeightsNote = "initial-weights"

  /// The windows that a reservoir held, each trajectory gone over once.
  static func windows(
    of state: Reservoir.State, from source: any TrajectorySource, _ labels: TrainingLabels?
  ) throws -> [SampleIdentity: TrainingWindow] {
    var windows: [SampleIdentity: TrainingWindow] = [:]
    for (trajectory, entries) in Dictionary(grouping: state.entries, by: \.trajectory) {
      // In this order: sums of what a file says could overflow.
      let isSound =
        trajectory >= 0
        && entries.allSatisfy { (0...1 << 52).contains($0.start) && (1...4096).contains($0.steps) }
      let first = entries.map(\.start).min() ?? 0
      let end = isSound ? entries.map { $0.start + $0.steps + 1 }.max() ?? 0 : .max
      guard isSound, end <= source.length(trajectory) ?? 0
      else {
        throw RunError(
          .badInput,
          "the checkpoint's reservoir has frames \(first) to \(end) of trajectory \(trajectory), which the source lacks"
        )
      }
      let frames = try source.frames(of: trajectory, first..<end)
      for entry in entries {
        let part = Array(frames[(entry.start - first)..<(entry.start - first + entry.steps + 1)])
        windows[SampleIdentity(trajectory: trajectory, frame: entry.start)] = try TrainingWindow(
          part, labels, of: source.system, interval: source.interval)
      }
    }
    return windows
  }

  /// How far in the stream a checkpoint was taken; nil where it does not say.
  /// - Throws: `RunError` for what is no position.
  static func position(of checkpoint: Checkpoint) throws -> Int? {
    guard let text = checkpoint.notes[positionNote] else { return nil }
    guard let position = Int(text), (0...1 << 53).contains(position) else {
      throw RunError(.badInput, "the checkpoint says that it was taken at frame `\(text.prefix(40))` of the stream")
    }
    return position
  }

  static func note<Value: Decodable>(_ name: String, of checkpoint: Checkpoint, as type: Value.Type) -> Value? {
    checkpoint.notes[name].flatMap { try? JSONDecoder.withInfinities.decode(type, from: Data($0.utf8)) }
  }
}
