public import Trajectories

/// Cuts the frames of many trajectories, as they stream by, into training windows.
///
/// Frames of one trajectory must come in order; trajectories may interleave. A gap in the frame indices starts the
/// window anew, and is counted. Memory is bounded by the number of trajectories under way.
public struct WindowAssembler: Sendable {
  /// Intervals of each window, N.
  public let steps: Int
  /// Frames from one window's start to the next; `steps` leaves no overlap but the shared frame.
  public let stride: Int
  /// How often a trajectory went on with another frame than the next.
  public private(set) var gaps = 0

  private struct Partial: Sendable {
    var layout: StateLayout
    var start: Int
    var values: [Float]
    var tendencies: [Float]
    /// Which intervals have derivatives.
    var known: [Bool] = []

    var frames: Int { values.count / layout.count }
  }
  private var partials: [Int: Partial] = [:]

  /// - Parameters:
  ///   - steps: Intervals of each window, at least 1; at least the largest N of the curriculum.
  ///   - stride: Frames from one window's start to the next, between 1 and `steps`; nil for `steps`.
  public init(steps: Int, stride: Int? = nil) {
    precondition(steps >= 1, "WindowAssembler: a window needs at least one step, got \(steps)")
    let stride = stride ?? steps
    precondition((1...steps).contains(stride), "WindowAssembler: stride \(stride) is not between 1 and \(steps)")
    self.steps = steps
    self.stride = stride
  }

  /// Adds the next frame of a trajectory.
  ///
  /// - Parameters:
  ///   - index: Number of the frame in its trajectory.
  ///   - tendency: Derivatives in the middle of the interval that ends with this frame, or nil.
  /// - Returns: A window that the frame completes, or nil. It has derivatives when all of its intervals had them.
  /// - Throws: `LearningError` of code `invalidData` when a number is not finite; the trajectory then starts anew.
  public mutating func add(
    trajectory: Int, index: Int, state: State<Float>, tendency: State<Float>? = nil
  ) throws -> TrainingWindow? {
    let size = state.values.count
    var partial: Partial
    if let known = partials.removeValue(forKey: trajectory), known.layout == state.layout,
      known.start + known.frames == index
    {
      partial = known
      partial.values += state.values
      partial.known.append(tendency != nil)
      partial.tendencies += tendency?.values ?? [Float](repeating: 0, count: size)
    } else {
      if index > 0 { gaps += 1 }
      partial = Partial(layout: state.layout, start: index, values: state.values, tendencies: [])
    }
    guard partial.frames == steps + 1 else {
      partials[trajectory] = partial
      return nil
    }
    let window = try TrainingWindow(
      trajectory: trajectory, start: partial.start, layout: partial.layout, values: partial.values,
      tendencies: partial.known.allSatisfy { $0 } ? partial.tendencies : nil)
    partial.start += stride
    partial.values.removeFirst(stride * size)
    partial.tendencies.removeFirst(stride * size)
    partial.known.removeFirst(stride)
    partials[trajectory] = partial
    return window
  }

  /// Forgets a trajectory that is complete.
  public mutating func finish(trajectory: Int) { partials[trajectory] = nil }

  /// The frames of a trajectory that are part of no window yet, with the last window's end as far as windows overlap: a
  /// shorter window; nil for less than two frames. The trajectory is forgotten.
  /// - Throws: `LearningError` of code `invalidData` when a number is not finite.
  public mutating func rest(trajectory: Int) throws -> TrainingWindow? {
    guard let partial = partials.removeValue(forKey: trajectory), partial.frames > 1 else { return nil }
    return try TrainingWindow(
      trajectory: trajectory, start: partial.start, layout: partial.layout, values: partial.values,
      tendencies: partial.known.allSatisfy { $0 } ? partial.tendencies : nil)
  }
}
