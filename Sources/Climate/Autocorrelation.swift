/// Autocorrelation of an ensemble of equally long series, as the published code computes it.
///
/// m = ⟨x⟩ and v = ⟨x²⟩ over all trajectories and times; A(l) = (⟨x_t x_{t+l}⟩ − m²) / (v − m²), the lagged mean taken over
/// the T − l terms there are. (The paper's Eq. (19), with its brackets where the code has them.)
public enum Autocorrelation {
  /// A(0 … maximumLag); empty for no data or a constant.
  /// - Parameter series: (B, T).
  public static func ensemble(_ series: [[Double]], maximumLag: Int) -> [Double] {
    guard let length = series.map(\.count).min(), length > 0 else { return [] }
    var sum = 0.0
    var squares = 0.0
    for x in series {
      for value in x[..<length] {
        sum += value
        squares += value * value
      }
    }
    let count = Double(series.count * length)
    let mean = sum / count
    let variance = squares / count - mean * mean
    guard variance > 0, variance.isFinite else { return [] }
    return (0...max(0, min(maximumLag, length - 1))).map { lag in
      var products = 0.0
      for x in series { for t in 0..<(length - lag) { products += x[t] * x[t + lag] } }
      return (products / Double(series.count * (length - lag)) - mean * mean) / variance
    }
  }

  /// Standard error of each lag by the jackknife over trajectories; empty for fewer than two.
  public static func standardErrors(_ series: [[Double]], maximumLag: Int) -> [Double] {
    guard series.count >= 2 else { return [] }
    let parts = series.indices.map { left -> [Double] in
      ensemble(series.enumerated().filter { $0.offset != left }.map(\.element), maximumLag: maximumLag)
    }
    guard let lags = parts.map(\.count).min(), lags > 0 else { return [] }
    let n = Double(parts.count)
    return (0..<lags).map { lag in
      let mean = parts.reduce(0) { $0 + $1[lag] } / n
      return ((n - 1) / n * parts.reduce(0) { $0 + ($1[lag] - mean) * ($1[lag] - mean) }).squareRoot()
    }
  }

  /// The integrated autocorrelation time τ = 1/2 + Σ A(l), in frames, summed until l ≥ 5 τ (Sokal's window).
  public static func integratedTime(_ autocorrelation: [Double]) -> Double? {
    guard !autocorrelation.isEmpty else { return nil }
    var tau = 0.5
    for lag in autocorrelation.indices.dropFirst() {
      tau += autocorrelation[lag]
      if Double(lag) >= 5 * tau { return max(tau, 0.5) }
    }
    return nil
  }
}
