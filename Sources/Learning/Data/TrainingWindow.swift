public import Trajectories

/// Successive saved frames of one trajectory, and the time derivatives between them: what networks learn from.
///
/// N = `steps`, S = `layout.count` numbers of a state. Immutable, so that the reservoir and many batches may share one.
public struct TrainingWindow: Sendable, Equatable {
  /// The trajectory's number in its run.
  public let trajectory: Int
  /// Index of the first frame in its trajectory.
  public let start: Int
  public let layout: StateLayout
  /// Number of intervals, N; there are N + 1 frames.
  public let steps: Int
  /// (N + 1, S) the frames.
  public let values: [Float]
  /// (N, S) derivatives with respect to time, one for each interval (in its middle, where the source has that), or nil.
  public let tendencies: [Float]?

  /// - Parameters:
  ///   - frames: N + 1 states of one layout, N at least 1.
  ///   - tendencies: N derivatives from the equations of motion in the middle of each interval; needed by models that
  ///     learn from derivatives, ignored by others.
  /// - Throws: `LearningError` of code `invalidData` when shapes disagree or a number is not finite.
  public init(trajectory: Int, start: Int, frames: [State<Float>], tendencies: [State<Float>]? = nil) throws {
    guard let layout = frames.first?.layout,
      (frames + (tendencies ?? [])).allSatisfy({ $0.layout == layout })
    else {
      throw LearningError(
        .invalidData, "window of trajectory \(trajectory) at frame \(start): its states are of different layouts")
    }
    try self.init(
      trajectory: trajectory, start: start, layout: layout, values: frames.flatMap(\.values),
      tendencies: tendencies.map { $0.flatMap(\.values) })
  }

  /// - Parameters: `values` (N + 1, S) and `tendencies` (N, S), as the properties say.
  /// - Throws: `LearningError` of code `invalidData` when shapes disagree or a number is not finite.
  public init(trajectory: Int, start: Int, layout: StateLayout, values: [Float], tendencies: [Float]?) throws {
    let size = layout.count
    let steps = values.count / size - 1
    guard steps >= 1, values.count == (steps + 1) * size, tendencies.map({ $0.count == steps * size }) ?? true else {
      throw LearningError(
        .invalidData,
        "window of trajectory \(trajectory) at frame \(start): N + 1 ≥ 2 states of \(size) numbers (\(layout.summary)) "
          + "and N derivatives are needed, got \(values.count) and \(tendencies?.count ?? 0) numbers")
    }
    guard Self.allFinite(values), tendencies.map(Self.allFinite) ?? true else {
      throw LearningError(
        .invalidData, "window of trajectory \(trajectory) at frame \(start) holds numbers that are not finite")
    }
    self.init(
      unchecked: trajectory, start: start, layout: layout, steps: steps, values: values, tendencies: tendencies)
  }

  /// A window whose numbers may be anything.
  init(
    unchecked trajectory: Int, start: Int, layout: StateLayout, steps: Int, values: [Float], tendencies: [Float]?
  ) {
    self.trajectory = trajectory
    self.start = start
    self.layout = layout
    self.steps = steps
    self.values = values
    self.tendencies = tendencies
  }

  /// The window with other numbers of the same shape, which are known to be finite.
  init(unchecked window: TrainingWindow, values: [Float], tendencies: [Float]?) {
    self.init(
      unchecked: window.trajectory, start: window.start, layout: window.layout, steps: window.steps, values: values,
      tendencies: tendencies)
  }

  /// Some of the window's intervals, with the frames between them.
  public func part(_ intervals: Range<Int>) -> TrainingWindow {
    precondition(
      !intervals.isEmpty && intervals.lowerBound >= 0 && intervals.upperBound <= steps,
      "TrainingWindow: intervals \(intervals) of \(steps)")
    let size = layout.count
    return TrainingWindow(
      unchecked: trajectory, start: start + intervals.lowerBound, layout: layout, steps: intervals.count,
      values: Array(values[(intervals.lowerBound * size)..<((intervals.upperBound + 1) * size)]),
      tendencies: tendencies.map { Array($0[(intervals.lowerBound * size)..<(intervals.upperBound * size)]) })
  }

  /// The frame after `step` intervals.
  public func state(_ step: Int) -> State<Float> {
    State(layout, Array(values[(step * layout.count)..<((step + 1) * layout.count)]))
  }

  private static func allFinite(_ values: [Float]) -> Bool {
    values.withUnsafeBufferPointer { values in
      // An exponent of ones; integers, for sums of floats are not taken several at a time.
      var found: UInt32 = 0
      for value in values { found |= value.bitPattern & 0x7f80_0000 == 0x7f80_0000 ? 1 : 0 }
      return found == 0
    }
  }
}
