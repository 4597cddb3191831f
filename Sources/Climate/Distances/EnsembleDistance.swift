internal import Tensors

/// A distance between two ensembles of trajectories that can be taken again, cheaply, with any weight on each
/// trajectory: for survivors, for halves, and for the bootstrap.
struct EnsembleDistance: Sendable {
  let estimator: String
  /// Trajectories of the truth and of the other.
  let trajectories: (truth: Int, other: Int)
  /// What one should know about how it came out.
  var note: String?
  /// Points of the other that the estimator could not place, where it can tell.
  var outside: Int?
  let evaluate: @Sendable (_ truth: [Double], _ other: [Double]) -> Double

  /// Over all trajectories.
  var value: Double { evaluate(ones(trajectories.truth), ones(trajectories.other)) }

  /// Over some of the other's trajectories.
  func value(survivors: Set<Int>) -> Double {
    evaluate(ones(trajectories.truth), (0..<trajectories.other).map { survivors.contains($0) ? 1 : 0 })
  }

  /// The standard deviation over resamples of the trajectories with replacement; nil for fewer than two on a side.
  /// - Parameter paired: Trajectory k of the other starts where trajectory k of the truth does: they are drawn together.
  func standardError(resamples: Int, paired: Bool, seed: UInt64) -> Double? {
    guard trajectories.truth >= 2, trajectories.other >= 2, resamples >= 2 else { return nil }
    let isPaired = paired && trajectories.truth == trajectories.other
    let values = (0..<resamples).map { number in
      var random = CounterRandom(seed: seed, purpose: .bootstrap, trajectory: UInt64(number))
      let a = Self.resample(trajectories.truth, &random)
      return evaluate(a, isPaired ? a : Self.resample(trajectories.other, &random))
    }
    let mean = values.reduce(0, +) / Double(resamples)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(resamples - 1)
    return variance.isFinite ? variance.squareRoot() : nil
  }

  /// How often each of `count` trajectories is drawn in `count` draws with replacement.
  private static func resample(_ count: Int, _ random: inout CounterRandom) -> [Double] {
    var weights = [Double](repeating: 0, count: count)
    for _ in 0..<count { weights[min(count - 1, Int(random.uniform() * Double(count)))] += 1 }
    return weights
  }

  /// The mean distance between two random halves of the truth, when both sides of this distance are the truth.
  func betweenHalves(splits: Int, seed: UInt64) -> Double? {
    let count = trajectories.truth
    guard count >= 2, count == trajectories.other else { return nil }
    let values = (0..<splits).map { number -> Double in
      var random = CounterRandom(seed: seed, purpose: .bootstrap, trajectory: UInt64(number), step: 1)
      let order = (0..<count).map { ($0, random.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
      let half = Set(order[..<(count / 2)])
      return evaluate((0..<count).map { half.contains($0) ? 1 : 0 }, (0..<count).map { half.contains($0) ? 0 : 1 })
    }
    return values.reduce(0, +) / Double(splits)
  }

  private func ones(_ count: Int) -> [Double] { [Double](repeating: 1, count: count) }
}
