internal import Settings

/// What is the same for all distances of one comparison.
struct DistanceContext: Sendable {
  /// Longest lag of autocorrelations, in frames; each metric's own when nil.
  var maximumLag: Int?
  /// Of Monte Carlo draws.
  var seed: UInt64 = 0
}

/// A distance between the series that two ensembles have of one observable.
///
/// It gives a distance that can be taken again with any weights; error bar, noise floor and survivors come for nothing.
protocol ObservableDistance: Metric {
  /// - Parameters: series, (B, T) each.
  func distance(_ truth: [[Double]], _ other: [[Double]], _ context: DistanceContext) -> EnsembleDistance
}

/// A distance between the points of two ensembles in the space of all observables.
protocol StateSpaceDistance: Metric {
  /// - Parameters: points, (B, T, D) each.
  /// - Returns: nil where it makes no sense, as in too many dimensions.
  func distance(
    _ truth: StateSpaceDivergence.Points, _ other: StateSpaceDivergence.Points, _ context: DistanceContext
  ) -> EnsembleDistance?
}

extension ObservableDistance {
  public func scores(_ rollouts: Rollouts) -> [Score] {
    let window = ClimateWindow(rollouts)
    return window.names.map { name in
      window.distance(self, of: name).score(of: name, frames: window.frames, interval: rollouts.interval)
    }
  }
}

extension StateSpaceDistance {
  public func scores(_ rollouts: Rollouts) -> [Score] {
    let window = ClimateWindow(rollouts)
    return window.distance(self).map { [$0.score(of: nil, frames: window.frames, interval: rollouts.interval)] } ?? []
  }
}
