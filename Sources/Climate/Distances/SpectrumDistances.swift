public import Settings

/// The Hellinger distance of power spectra as the program of generalised teacher forcing computes it; see
/// `SpectralDistance`.
public struct SmoothedSpectrumDistance: Metric, ObservableDistance {
  public static let word = "smoothed-spectrum"
  public static let summary = "Hellinger distance of smoothed power spectra of each observable (D_H/gtf-s20)"

  let estimator: SpectralDistance.Estimator

  public init(_ section: ConfigurationSection) {
    estimator = SpectralDistance.teacherForcing(
      smoothing: section.integer("smoothing", default: 20, in: 1...10_000, "Bins of the Gaussian that smooths"))
  }

  func distance(_ truth: [[Double]], _ other: [[Double]], _ context: DistanceContext) -> EnsembleDistance {
    estimator.distance(truth, other)
  }
}

/// The same as `dysts` computes it: the first bins of the spectrum as it is.
public struct PlainSpectrumDistance: Metric, ObservableDistance {
  public static let word = "plain-spectrum"
  public static let summary = "Hellinger distance of the first bins of power spectra of each observable (D_H/dysts-100)"

  let estimator: SpectralDistance.Estimator

  public init(_ section: ConfigurationSection) {
    estimator = SpectralDistance.dysts(
      bins: section.integer("bins", default: 100, in: 2...1_000_000, "Bins that are compared"))
  }

  func distance(_ truth: [[Double]], _ other: [[Double]], _ context: DistanceContext) -> EnsembleDistance {
    estimator.distance(truth, other)
  }
}

extension SpectralDistance.Estimator {
  func distance(_ truth: [[Double]], _ other: [[Double]]) -> EnsembleDistance {
    let a = truth.map(shape)
    let b = other.map(shape)
    let bins = (truth.first?.count ?? 0) / 2 + 1
    let reach = Int(8 * smoothing)
    let smoothing = smoothing
    return EnsembleDistance(
      estimator: name, trajectories: (truth.count, other.count),
      note: bins < reach
        ? "the spectrum has \(bins) bins and the smoothing reaches over \(reach): \(2 * reach) frames would do" : nil
    ) { SpectralDistance.distance(a, $0, b, $1, smoothing: smoothing) }
  }
}
