internal import Foundation
internal import Tensors

/// The largest Lyapunov exponent of a map of states, by two trajectories.
///
/// Beside the state runs another at a small distance; after each interval the logarithm of how much the distance has
/// grown is noted, and the other is pulled back along the line between them to the first distance. It needs nothing but the
/// map, so that truth and surrogate are measured alike.
///
/// Source: Benettin, Galgani and Strelcyn, Phys. Rev. A 14, 2338 (1976).
public struct LargestExponent: Codable, Sendable, Equatable {
  /// In units of one over time.
  public var value: Double
  /// From the scatter of ten consecutive parts of the run.
  public var standardError: Double?
  public var time: Double

  /// - Parameters:
  ///   - start: A state on the attractor, (D).
  ///   - startTime: The time there, for maps that depend on it.
  ///   - distance: Between the two trajectories, relative to the length of the state.
  ///   - transient: Steps before the average begins, for the distance to align.
  ///   - steps: Steps of the average.
  ///   - every: Steps between two rescalings.
  ///   - seed: Of the direction of the first distance.
  ///   - step: The state after one step from a time on.
  /// - Returns: nil when a state is not finite or the two become equal.
  /// - Throws: What the step throws.
  public init?(
    from start: [Double], at startTime: Double, distance: Double, timeStep: Double, transient: Int, steps: Int,
    every: Int = 1, seed: UInt64 = 0, step: (_ state: [Double], _ time: Double) throws -> [Double]
  ) rethrows {
    precondition(
      distance > 0 && steps >= every && every >= 1 && timeStep > 0, "two trajectories need a distance and steps")
    var random = CounterRandom(seed: seed, purpose: .evaluation, trajectory: 1 << 22)
    let direction = start.map { _ in random.normal() }
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let size = start.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let separation = distance * (size > 0 ? size : 1)
    var state = start
    var other = zip(start, direction).map { $0 + separation / length * $1 }
    var growth: [Double] = []
    for number in 0..<(transient + steps) {
      let time = startTime + Double(number) * timeStep
      state = try step(state, time)
      other = try step(other, time)
      guard (number + 1) % every == 0 else { continue }
      let apart = zip(other, state).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      guard apart > 0, apart.isFinite else { return nil }
      if number >= transient { growth.append(log(apart / separation) / (timeStep * Double(every))) }
      other = zip(other, state).map { $1 + separation / apart * ($0 - $1) }
    }
    guard !growth.isEmpty else { return nil }
    value = growth.reduce(0, +) / Double(growth.count)
    standardError = BlockError.standardError(of: growth, blocks: 10)
    time = timeStep * Double(every * growth.count)
  }

  /// The same of a map that does not depend on the time.
  public init?(
    from start: [Double], distance: Double, timeStep: Double, transient: Int, steps: Int, every: Int = 1,
    seed: UInt64 = 0, step: (_ state: [Double]) throws -> [Double]
  ) rethrows {
    try self.init(
      from: start, at: 0, distance: distance, timeStep: timeStep, transient: transient, steps: steps, every: every,
      seed: seed, step: { state, _ in try step(state) })
  }
}
