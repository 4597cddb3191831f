internal import Learning

/// What one optimizer step did, and how well training sees the stream.
struct TrainingRecord: Codable, Sendable {
  var report: TrainingStepReport
  /// Steps of the whole curriculum.
  var total: Int
  /// Frames of the stream that were admitted so far, held-out ones included.
  var position: Int
  /// Every so many steps, since it costs a pass over the reservoir.
  var reservoir: Reservoir.Report?
  /// Steps a second, lately.
  var stepsPerSecond: Double
}
