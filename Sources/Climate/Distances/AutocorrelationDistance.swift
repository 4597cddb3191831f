public import Settings

/// The root-mean-square difference of the autocorrelations over all lags.
public struct AutocorrelationDistance: Metric, ObservableDistance {
  public static let word = "autocorrelation"
  public static let summary = "Root-mean-square difference of the autocorrelations of each observable"

  /// In frames; a quarter of the window when nil.
  let lag: Int?

  public init(_ section: ConfigurationSection) {
    lag = section.optionalInteger(
      "lag", in: 1...1_000_000, "Longest lag in frames; a quarter of the window when left out")
  }

  /// The longest lag in a window.
  static func lag(_ wanted: Int?, frames: Int) -> Int { min(wanted ?? frames / 4, max(0, frames - 1)) }

  func distance(_ truth: [[Double]], _ other: [[Double]], _ context: DistanceContext) -> EnsembleDistance {
    let lag = Self.lag(context.maximumLag ?? lag, frames: truth.first?.count ?? 0)
    let a = Autocorrelation.sums(truth, maximumLag: lag)
    let b = Autocorrelation.sums(other, maximumLag: lag)
    return EnsembleDistance(estimator: "ACF/published-global-mean-rms", trajectories: (truth.count, other.count)) {
      Distances.rootMeanSquare(AutocorrelationSums.curve(a, weights: $0), AutocorrelationSums.curve(b, weights: $1))
    }
  }
}
