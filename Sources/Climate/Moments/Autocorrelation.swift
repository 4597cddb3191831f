/// Autocorrelation of an ensemble of equally long series, as the published code computes it.
///
/// m = ⟨x⟩ and v = ⟨x²⟩ over all trajectories and times; A(l) = (⟨x_t x_{t+l}⟩ − m²) / (v − m²), the lagged mean taken over
/// the T − l terms there are. (The paper's Eq. (19), with its brackets where the code has them.)
public enum Autocorrelation {
  /// A(0 … maximumLag); empty for no data or a constant.
  /// - Parameter series: (B, T).
  public static func ensemble(_ series: [[Double]], maximumLag: Int) -> [Double] {
    AutocorrelationSums.curve(sums(series, maximumLag: maximumLag))
  }

  /// The mean over trajectories of A of each alone, with its own mean and variance: what a single long run would give.
  /// Constant trajectories have none and are left out; empty when all are.
  /// - Parameter series: (B, T).
  public static func timeAveraged(_ series: [[Double]], maximumLag: Int) -> [Double] {
    let curves = sums(series, maximumLag: maximumLag).map { AutocorrelationSums.curve([$0]) }.filter { !$0.isEmpty }
    guard let lags = curves.map(\.count).min() else { return [] }
    return (0..<lags).map { lag in curves.reduce(0) { $0 + $1[lag] } / Double(curves.count) }
  }

  /// Standard error of each lag by the jackknife over trajectories; empty for fewer than two.
  public static func standardErrors(_ series: [[Double]], maximumLag: Int) -> [Double] {
    guard series.count >= 2 else { return [] }
    let sums = sums(series, maximumLag: maximumLag)
    let parts = sums.indices.map { left in
      AutocorrelationSums.curve(sums, weights: sums.indices.map { $0 == left ? 0 : 1 })
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

  /// The sums of each trajectory, all cut to the shortest.
  static func sums(_ series: [[Double]], maximumLag: Int) -> [AutocorrelationSums] {
    guard let length = series.map(\.count).min(), length > 0 else { return [] }
    let lags = max(0, min(maximumLag, length - 1))
    return series.map { AutocorrelationSums($0[..<length], maximumLag: lags) }
  }
}

/// What the autocorrelation needs to know of one trajectory. Sums of several add up, with weights.
struct AutocorrelationSums: Sendable, Equatable {
  var count: Double
  var sum: Double
  var squares: Double
  /// Σ_t x_t x_{t+l}, from lag 0.
  var products: [Double]

  init(_ series: ArraySlice<Double>, maximumLag: Int) {
    count = Double(series.count)
    sum = series.reduce(0, +)
    squares = series.reduce(0) { $0 + $1 * $1 }
    products = series.withUnsafeBufferPointer { x in
      (0...maximumLag).map { lag in
        var total = 0.0
        for t in 0..<(x.count - lag) { total += x[t] * x[t + lag] }
        return total
      }
    }
  }

  /// A(l) of trajectories of one length, each counted `weights` times; empty for a constant.
  static func curve(_ sums: [AutocorrelationSums], weights: [Double]? = nil) -> [Double] {
    guard let first = sums.first else { return [] }
    var count = 0.0
    var total = 0.0
    var squares = 0.0
    var trajectories = 0.0
    var products = [Double](repeating: 0, count: first.products.count)
    for (index, part) in sums.enumerated() {
      let weight = weights?[index] ?? 1
      guard weight > 0 else { continue }
      trajectories += weight
      count += weight * part.count
      total += weight * part.sum
      squares += weight * part.squares
      for lag in products.indices { products[lag] += weight * part.products[lag] }
    }
    let mean = total / count
    let variance = squares / count - mean * mean
    guard variance > 0, variance.isFinite else { return [] }
    return products.indices.map { lag in
      (products[lag] / (trajectories * (first.count - Double(lag))) - mean * mean) / variance
    }
  }
}
