public import Settings

/// The divergence of the points in the space of all observables by histograms, in up to five dimensions.
public struct BinnedStateSpace: Metric, StateSpaceDistance {
  public static let word = "state-space-bins"
  public static let summary = "Kullback–Leibler divergence of histograms in the space of up to five observables"

  let bins: Int

  public init(_ section: ConfigurationSection) {
    bins = section.integer("bins", default: 30, in: 2...1000, "Bins a dimension")
  }

  func distance(
    _ truth: StateSpaceDivergence.Points, _ other: StateSpaceDivergence.Points, _ context: DistanceContext
  ) -> EnsembleDistance? {
    guard let binned = StateSpaceDivergence.Binned(truth: truth, other: other, binsPerDimension: bins) else {
      return nil
    }
    let outside = binned.outside.reduce(0, +)
    return EnsembleDistance(
      estimator: "D_stsp/gtf-bin\(bins)", trajectories: (truth.count, other.count),
      note: outside > 0 ? "\(outside) of \(other.reduce(0) { $0 + $1.count }) points are outside the box" : nil,
      outside: outside
    ) { binned.divergence($0, $1) }
  }
}

/// The same by Gaussian mixtures, in any number of dimensions.
public struct MixtureStateSpace: Metric, StateSpaceDistance {
  public static let word = "state-space-mixture"
  public static let summary = "Kullback–Leibler divergence of Gaussian mixtures in the space of all observables"

  let variance: Double
  let draws: Int

  public init(_ section: ConfigurationSection) {
    variance = section.number(
      "variance", default: 1, in: 1e-6...1e6, "Of the kernel on each point, in the truth's variances")
    draws = section.integer("draws", default: 1000, in: 10...1_000_000, "Monte Carlo draws")
  }

  func distance(
    _ truth: StateSpaceDivergence.Points, _ other: StateSpaceDivergence.Points, _ context: DistanceContext
  ) -> EnsembleDistance? {
    guard
      let mixture = StateSpaceDivergence.GaussianMixture(
        truth: truth, other: other, variance: variance, draws: draws, seed: context.seed)
    else { return nil }
    let kernel = variance == variance.rounded() && variance < 1e6 ? "\(Int(variance))" : "\(variance)"
    return EnsembleDistance(
      estimator: "D_stsp/gtf-gmm\(kernel)\(draws == 1000 ? "" : "-\(draws)")", trajectories: (truth.count, other.count),
      note: mixture.outside > 0 ? "\(mixture.outside) draws of the truth are beyond 4 σ of every point" : nil,
      outside: mixture.outside
    ) { mixture.divergence($0, $1) }
  }
}
