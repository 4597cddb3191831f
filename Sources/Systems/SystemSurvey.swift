internal import Trajectories

/// What the numbers of a system do along a trajectory, and how small its steps must be: what a library's starts, scales and
/// steps are made from.
public struct SystemSurvey: Codable, Sendable, Equatable {
  /// Of each number of the state, over the frames after a quarter of them.
  public let mean: [Double]
  public let deviation: [Double]
  /// The last state: on the attractor.
  public let last: [Double]
  /// The fewest Runge–Kutta steps of a frame, a power of 2, whose error in one frame is below the tolerance at forty
  /// states; nil where no step will do (rates that jump), or where there are no steps to choose.
  public let steps: Int?
  /// The error with so many, or with the most that were tried, in deviations.
  public let error: Double

  /// - Parameters:
  ///   - system: Its frames stay the same; a frame's steps are what is looked for.
  ///   - frames: Of the trajectory.
  ///   - tolerance: Of the largest difference of any number after one frame, in deviations.
  /// - Returns: nil where no trajectory stays finite.
  /// - Throws: `SystemError` for what the system cannot do.
  public init?(_ system: some DynamicalSystem, seed: UInt64 = 1, frames: Int = 4000, tolerance: Double = 1e-6)
    throws(SystemError)
  {
    precondition(frames >= 100, "a survey needs at least 100 frames, got \(frames)")
    let interval = system.interval
    let fixed = (try? system.with(dt: system.dt / 2, saveEvery: 2, midInterval: false)) == nil
    var found: (states: [[Double]], deviation: [Double], steps: Int?, error: Double)?
    for fine in fixed ? [system.saveEvery] : [16, 64, 256, 1024, 4096] {
      let finer = fixed ? system : nil
      var states: [[Double]]?
      if let finer {
        states = try Self.states(finer, seed, frames)
      } else {
        let other = try system.with(dt: interval / Double(fine), saveEvery: fine, midInterval: false)
        states = try Self.states(other, seed, frames)
      }
      guard let states else { continue }
      let deviation = Self.moments(states).deviation
      guard !fixed else {
        found = (states, deviation, nil, 0)
        break
      }
      let samples = (0..<40).map { states[$0 * (states.count - 1) / 40] }
      let truth = try Self.after(samples, system, interval, 4 * fine)
      let own = Self.error(try Self.after(samples, system, interval, fine), truth, deviation)
      found = (states, deviation, nil, own)
      guard own < tolerance else { continue }
      var steps = 1
      while steps < fine {
        let error = Self.error(try Self.after(samples, system, interval, steps), truth, deviation)
        if error < tolerance {
          found = (states, deviation, steps, error)
          break
        }
        steps *= 2
      }
      if found?.steps == nil { found = (states, deviation, fine, own) }
      break
    }
    guard let found, let last = found.states.last else { return nil }
    (mean, deviation) = Self.moments(found.states)
    self.last = last
    steps = found.steps
    error = found.error
  }

  /// The states of the later three quarters of the frames; nil when one is not finite.
  private static func states(_ system: some DynamicalSystem, _ seed: UInt64, _ frames: Int) throws(SystemError)
    -> [[Double]]?
  {
    var ensemble = try system.ensemble(0..<1, seed: seed, workers: 1)
    var states: [[Double]] = []
    for index in 0..<frames {
      guard let frame = (try? ensemble.advance())?.first, frame.state.isFinite else { return nil }
      if index >= frames / 4 { states.append(frame.state.values) }
    }
    return states
  }

  private static func after(_ samples: [[Double]], _ system: some DynamicalSystem, _ interval: Double, _ steps: Int)
    throws(SystemError) -> [[Double]]
  {
    let other = try system.with(dt: interval / Double(steps), saveEvery: steps, midInterval: false)
    return samples.map { state in
      var state = state
      other.advance(&state, from: 0, steps: steps)
      return state
    }
  }

  private static func error(_ some: [[Double]], _ truth: [[Double]], _ deviation: [Double]) -> Double {
    var most = 0.0
    for (state, exact) in zip(some, truth) {
      for (k, value) in state.enumerated() {
        let error = abs(value - exact[k]) / (deviation[k] > 0 ? deviation[k] : 1)
        guard error.isFinite else { return .infinity }
        most = max(most, error)
      }
    }
    return most
  }

  private static func moments(_ states: [[Double]]) -> (mean: [Double], deviation: [Double]) {
    let count = Double(states.count)
    let mean = states[0].indices.map { k in states.reduce(0) { $0 + $1[k] } / count }
    let deviation = mean.enumerated().map { k, mean in
      (states.reduce(0) { $0 + ($1[k] - mean) * ($1[k] - mean) } / count).squareRoot()
    }
    return (mean, deviation)
  }
}
