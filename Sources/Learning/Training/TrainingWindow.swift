/// Successive saved frames of one trajectory, and the time derivatives between them: what networks learn from.
///
/// N = `steps`, L = `sites`; a state is one vector of 2L² + 2L floats as in `SurrogateState`. Immutable, so that the
/// reservoir and many batches may share one.
public struct TrainingWindow: Sendable, Equatable {
  /// The trajectory's number in its run.
  public let trajectory: Int
  /// Index of the first frame in its trajectory.
  public let start: Int
  /// Number of intervals, N; there are N + 1 frames.
  public let steps: Int
  public let sites: Int
  /// (N + 1, 2L² + 2L) the frames.
  public let values: [Float]
  /// (N, 2L² + 2L) derivatives with respect to time in the middle of each interval, or nil.
  public let rates: [Float]?

  var stateSize: Int { SurrogateState.size(sites: sites) }

  /// - Parameters:
  ///   - frames: N + 1 states, N at least 1.
  ///   - rates: N derivatives dρ/dt, dQ/dt, dP/dt from the equations of motion in the middle of each interval; needed
  ///     to train PARC, ignored by the CNN.
  /// - Throws: `LearningError` of code `invalidData` when shapes disagree or a number is not finite.
  public init(trajectory: Int, start: Int, frames: [SurrogateState], rates: [SurrogateState]? = nil) throws {
    try self.init(
      trajectory: trajectory, start: start, sites: frames.first?.sites ?? 0, values: frames.flatMap(\.values),
      rates: rates.map { $0.flatMap(\.values) })
  }

  /// - Parameters: `rho` (N + 1, L, L, 2) interleaved, `q` and `p` (N + 1, L); the same with N in place of N + 1 for
  ///   the optional derivatives.
  /// - Throws: `LearningError` of code `invalidData` when shapes disagree or a number is not finite.
  public init(
    trajectory: Int, start: Int, sites: Int, rho: [Float], q: [Float], p: [Float],
    rates: (rho: [Float], q: [Float], p: [Float])? = nil
  ) throws {
    func interleave(_ rho: [Float], _ q: [Float], _ p: [Float]) throws -> [Float] {
      guard sites > 0, q.count % sites == 0, q.count == p.count, rho.count == 2 * sites * q.count else {
        throw LearningError(
          .invalidData,
          "window of trajectory \(trajectory) at frame \(start): rho (N, \(sites), \(sites), 2), q (N, \(sites)) and p "
            + "(N, \(sites)) have \(rho.count), \(q.count) and \(p.count) numbers")
      }
      var values: [Float] = []
      values.reserveCapacity(rho.count + 2 * q.count)
      for frame in 0..<(q.count / sites) {
        values += rho[(frame * 2 * sites * sites)..<((frame + 1) * 2 * sites * sites)]
        values += q[(frame * sites)..<((frame + 1) * sites)]
        values += p[(frame * sites)..<((frame + 1) * sites)]
      }
      return values
    }
    try self.init(
      trajectory: trajectory, start: start, sites: sites, values: interleave(rho, q, p),
      rates: rates.map { try interleave($0.rho, $0.q, $0.p) })
  }

  /// - Parameters: `values` (N + 1, 2L² + 2L) and `rates` (N, 2L² + 2L), as the properties say.
  /// - Throws: `LearningError` of code `invalidData` when shapes disagree or a number is not finite.
  public init(trajectory: Int, start: Int, sites: Int, values: [Float], rates: [Float]?) throws {
    let size = sites > 0 && sites <= 4096 ? SurrogateState.size(sites: sites) : 1
    let steps = values.count / size - 1
    guard sites >= 2, sites <= 4096, steps >= 1, values.count == (steps + 1) * size,
      rates.map({ $0.count == steps * size }) ?? true
    else {
      throw LearningError(
        .invalidData,
        "window of trajectory \(trajectory) at frame \(start): \(sites) sites need N + 1 ≥ 2 states of \(size) numbers "
          + "and N derivatives, got \(values.count) and \(rates?.count ?? 0) numbers")
    }
    guard Self.allFinite(values), rates.map(Self.allFinite) ?? true else {
      throw LearningError(
        .invalidData, "window of trajectory \(trajectory) at frame \(start) holds numbers that are not finite")
    }
    self.trajectory = trajectory
    self.start = start
    self.sites = sites
    self.steps = steps
    self.values = values
    self.rates = rates
  }

  /// The window with other numbers of the same shape, which are known to be finite.
  init(unchecked window: TrainingWindow, values: [Float], rates: [Float]?) {
    trajectory = window.trajectory
    start = window.start
    steps = window.steps
    sites = window.sites
    self.values = values
    self.rates = rates
  }

  /// A window whose numbers may be anything.
  init(unchecked trajectory: Int, start: Int, sites: Int, steps: Int, values: [Float], rates: [Float]?) {
    self.trajectory = trajectory
    self.start = start
    self.steps = steps
    self.sites = sites
    self.values = values
    self.rates = rates
  }

  /// Some of the window's intervals, with the frames between them.
  public func part(_ intervals: Range<Int>) -> TrainingWindow {
    precondition(
      !intervals.isEmpty && intervals.lowerBound >= 0 && intervals.upperBound <= steps,
      "TrainingWindow: intervals \(intervals) of \(steps)")
    return TrainingWindow(part: intervals, of: self)
  }

  private init(part intervals: Range<Int>, of window: TrainingWindow) {
    trajectory = window.trajectory
    start = window.start + intervals.lowerBound
    steps = intervals.count
    sites = window.sites
    let size = window.stateSize
    values = Array(window.values[(intervals.lowerBound * size)..<((intervals.upperBound + 1) * size)])
    rates = window.rates.map { Array($0[(intervals.lowerBound * size)..<(intervals.upperBound * size)]) }
  }

  /// The frame after `step` intervals.
  public func state(_ step: Int) -> SurrogateState {
    SurrogateState(sites: sites, values: Array(values[(step * stateSize)..<((step + 1) * stateSize)]))
  }

  private static func allFinite(_ values: [Float]) -> Bool {
    values.withUnsafeBufferPointer { values in
      var sum: Float = 0
      for value in values { sum += value * 0 }
      return sum == 0
    }
  }
}
