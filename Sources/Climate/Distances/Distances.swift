/// Distances between two samples of one observable.
enum Distances {
  /// Wasserstein-1 distance of two empirical distributions: the mean distance between their quantiles.
  static func wasserstein1(_ a: [Double], _ b: [Double]) -> Double {
    Marginals([a], [b]).wasserstein1([1], [1])
  }

  /// Root of the mean squared difference over the lags that both have.
  static func rootMeanSquare(_ a: [Double], _ b: [Double]) -> Double {
    let count = min(a.count, b.count)
    guard count > 0 else { return .nan }
    return (zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(count)).squareRoot()
  }

  /// The values of two ensembles, sorted together once, so that any weighting of trajectories needs one pass.
  struct Marginals: Sendable {
    private struct Entry: Sendable {
      var value: Double
      /// Number of the trajectory; those of the second ensemble follow the first's.
      var trajectory: Int
    }
    private let entries: [Entry]
    private let lengths: [Double]
    private let first: Int
    /// Values that are not finite, by trajectory.
    private let notFinite: [Bool]

    init(_ a: [[Double]], _ b: [[Double]]) {
      let all = a + b
      first = a.count
      lengths = all.map { Double($0.count) }
      notFinite = all.map { !$0.allSatisfy(\.isFinite) }
      entries = all.enumerated().flatMap { number, values in
        values.filter(\.isFinite).map { Entry(value: $0, trajectory: number) }
      }.sorted { ($0.value, $0.trajectory) < ($1.value, $1.trajectory) }
    }

    /// ∫ |F(x) − G(x)| dx of the weighted empirical distributions; infinite with a value that is not finite.
    func wasserstein1(_ weightsA: [Double], _ weightsB: [Double]) -> Double {
      let weights = weightsA + weightsB
      for (number, weight) in weights.enumerated() where weight > 0 && notFinite[number] { return .infinity }
      var totals = (0.0, 0.0)
      for number in weights.indices {
        if number < first {
          totals.0 += weights[number] * lengths[number]
        } else {
          totals.1 += weights[number] * lengths[number]
        }
      }
      guard totals.0 > 0, totals.1 > 0 else { return .nan }
      let steps = weights.indices.map { weights[$0] / ($0 < first ? totals.0 : -totals.1) }
      var difference = 0.0
      var previous: Double?
      var total = 0.0
      for entry in entries where weights[entry.trajectory] > 0 {
        if let previous { total += abs(difference) * (entry.value - previous) }
        previous = entry.value
        difference += steps[entry.trajectory]
      }
      return total
    }
  }
}
