public import Learning

/// What one optimizer step did, and how well training sees the stream.
public struct TrainingRecord: Codable, Sendable {
  public var report: TrainingStepReport
  /// Steps of the whole curriculum.
  public var total: Int
  /// Frames of the stream that have gone by, held-out and refused ones included.
  public var position: Int
  /// Every so many steps, since it costs a pass over the reservoir.
  var reservoir: Reservoir.Report?
  /// How old and how used up the batch's samples of the stream were.
  var draw: Reservoir.Draw?
  /// Share of all windows of the stream so far that the reservoir holds.
  var coverage: Double?
  /// What held-out data say, when they were asked.
  var validation: Validation?
  /// Its loss and its total rollout error, in every record after it.
  var validationLoss: Float?
  var rolloutError: Double?
  /// The data scalars, when they were taken from the data with this step.
  var scalars: FieldScales?
  /// Steps a second, lately.
  public var stepsPerSecond: Double

  /// Whether a log of every n-th step has it: by its number, so that a run that is gone on with logs the same ones, or
  /// because something was measured, adopted or went wrong, or it is the last.
  func isTold(every: Int) -> Bool {
    report.step % every == 0 || report.step + 1 == total || validation != nil || scalars != nil
      || report.anomaly != nil
  }

  /// The numbers that charts show, by name.
  public var numbers: [String: Double] {
    var numbers = [
      "loss": Double(report.loss.total), "learning rate": Double(report.learningRate),
      "gradient norm": Double(report.gradientNorm), "total": Double(total), "steps per second": stepsPerSecond,
    ]
    numbers["loss on held-out data"] = validationLoss.map(Double.init)
    numbers["rollout error on held-out data"] = rolloutError
    numbers["age of samples"] = draw?.age
    numbers["earlier uses of samples"] = draw?.uses
    numbers["coverage"] = coverage
    return numbers.filter { $0.value.isFinite || $0.key == "loss" }
  }
}
