extension Reservoir {
  /// Draws a batch of which a share is replayed from another reservoir, filled from the store with older data.
  ///
  /// - Parameters:
  ///   - replay: Where the replayed samples come from.
  ///   - fraction: Share of the batch that is replayed, from 0 to 1, rounded to whole samples.
  /// - Throws: `LearningError` of code `invalidData` when a reservoir has no window that is long enough.
  public mutating func batch(
    _ count: Int, steps: Int, step: Int, replay: inout Reservoir, fraction: Double
  ) throws -> TrainingBatch {
    precondition((0...1).contains(fraction), "Reservoir: a replayed share of \(fraction) is not between 0 and 1")
    let replayed = Int((fraction * Double(count)).rounded())
    var samples: [TrainingSample] = []
    if replayed < count { samples += try batch(count - replayed, steps: steps, step: step).samples }
    if replayed > 0 { samples += try replay.batch(replayed, steps: steps, step: step).samples }
    return try TrainingBatch(samples, steps: steps)
  }
}
