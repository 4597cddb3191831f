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

extension EnsembleDistance {
  /// Of the marginal distributions of one observable.
  static func wasserstein1(_ truth: [[Double]], _ other: [[Double]]) -> EnsembleDistance {
    let marginals = Distances.Marginals(truth, other)
    return EnsembleDistance(estimator: "W1/empirical-quantiles", trajectories: (truth.count, other.count)) {
      marginals.wasserstein1($0, $1)
    }
  }

  /// Root-mean-square difference of the autocorrelations over all lags.
  static func autocorrelation(_ truth: [[Double]], _ other: [[Double]], maximumLag: Int) -> EnsembleDistance {
    let a = Autocorrelation.sums(truth, maximumLag: maximumLag)
    let b = Autocorrelation.sums(other, maximumLag: maximumLag)
    return EnsembleDistance(estimator: "ACF/published-global-mean-rms", trajectories: (truth.count, other.count)) {
      Distances.rootMeanSquare(AutocorrelationSums.curve(a, weights: $0), AutocorrelationSums.curve(b, weights: $1))
    }
  }

  /// Of the power spectra.
  static func spectral(_ estimator: SpectralDistance.Estimator, _ truth: [[Double]], _ other: [[Double]])
    -> EnsembleDistance
  {
    let a = truth.map(estimator.shape)
    let b = other.map(estimator.shape)
    let bins = (truth.first?.count ?? 0) / 2 + 1
    let reach = Int(8 * estimator.smoothing)
    return EnsembleDistance(
      estimator: estimator.name, trajectories: (truth.count, other.count),
      note: bins < reach
        ? "the spectrum has \(bins) bins and the smoothing reaches over \(reach): \(2 * reach) frames would do" : nil
    ) { SpectralDistance.distance(a, $0, b, $1, smoothing: estimator.smoothing) }
  }

  /// Of the points in the space of all observables, binned and by Gaussian mixtures.
  static func stateSpace(
    _ truth: StateSpaceDivergence.Points, _ other: StateSpaceDivergence.Points, seed: UInt64
  ) -> [EnsembleDistance] {
    let counts = (truth.count, other.count)
    var distances: [EnsembleDistance] = []
    if let binned = StateSpaceDivergence.Binned(truth: truth, other: other) {
      let outside = binned.outside.reduce(0, +)
      distances.append(
        EnsembleDistance(
          estimator: StateSpaceDivergence.Binned.name, trajectories: counts,
          note: outside > 0 ? "\(outside) of \(other.reduce(0) { $0 + $1.count }) points are outside the box" : nil,
          outside: outside
        ) { binned.divergence($0, $1) })
    }
    if let mixture = StateSpaceDivergence.GaussianMixture(truth: truth, other: other, seed: seed) {
      distances.append(
        EnsembleDistance(
          estimator: StateSpaceDivergence.GaussianMixture.name, trajectories: counts,
          note: mixture.outside > 0 ? "\(mixture.outside) draws of the truth are beyond 4 σ of every point" : nil,
          outside: mixture.outside
        ) { mixture.divergence($0, $1) })
    }
    return distances
  }
}
