public import Settings

/// The Wasserstein-1 distance of the marginal distributions of one observable, exactly, between empirical quantiles.
public struct WassersteinDistance: Metric, ObservableDistance {
  public static let word = "wasserstein"
  public static let summary = "Wasserstein-1 distance of the distributions of each observable"

  public init(_ section: ConfigurationSection) {}

  func distance(_ truth: [[Double]], _ other: [[Double]], _ context: DistanceContext) -> EnsembleDistance {
    let marginals = Distances.Marginals(truth, other)
    return EnsembleDistance(estimator: "W1/empirical-quantiles", trajectories: (truth.count, other.count)) {
      marginals.wasserstein1($0, $1)
    }
  }
}
