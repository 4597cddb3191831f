internal import Foundation

/// Hellinger distances D_H of power spectra, as two published programs compute them.
///
/// Both programs compare one series with one other. For an ensemble, the spectra are averaged over its trajectories
/// before they are compared; for a single trajectory the number is the program's. A series that has no spectrum
/// (constant, or with a value that is not finite) puts its share into an outcome of its own, which no oscillating series
/// has, so that frozen and divergent rollouts count as maximally distant instead of being dropped.
enum SpectralDistance {
  /// Spectral shapes of single series, and how a mixture of them is compared.
  struct Estimator: Sendable {
    let name: String
    /// Power at each frequency, summing to 1 over what is compared; nil for a series without a spectrum.
    let shape: @Sendable ([Double]) -> [Double]?
    /// Standard deviation of the Gaussian that smooths the averaged spectrum, in bins; none when 0.
    let smoothing: Double
  }

  /// The generalised-teacher-forcing program (Hess, Monfared, Brenner and Durstewitz, ICML 2023; repository GTF-shPLRNN,
  /// commit 63ac00d): each series standardised, |rfft|², smoothed by a Gaussian of σ = 20 bins (or as many as asked for) cut at 4 σ (reflected at
  /// the ends without repeating the end), normalised to sum 1; H = √(Σ (√p − √q)²) / √2.
  static func teacherForcing(smoothing: Int = 20) -> Estimator {
    Estimator(
      name: "D_H/gtf-s\(smoothing)",
      shape: { series in
        guard let standardised = standardised(series) else { return nil }
        return normalised(FourierTransform.power(standardised))
      }, smoothing: Double(smoothing))
  }

  /// `dysts.metrics.average_hellinger_distance` (dysts 0.96): |fft|² of the series as it is, mean included, the first 100
  /// bins normalised to sum 1, no smoothing; H = √(1 − Σ √(p q)).
  static func dysts(bins: Int = 100) -> Estimator {
    Estimator(
      name: "D_H/dysts-\(bins)",
      shape: { series in
        guard series.allSatisfy(\.isFinite), !series.isEmpty else { return nil }
        let power = FourierTransform.power(series)
        let n = series.count
        return normalised((0..<min(bins, n)).map { power[$0 <= n / 2 ? $0 : n - $0] })
      }, smoothing: 0)
  }

  /// The distance between mixtures of spectra.
  /// - Parameters: shapes by trajectory, nil where there is none, and the trajectories' weights.
  static func distance(
    _ a: [[Double]?], _ weightsA: [Double], _ b: [[Double]?], _ weightsB: [Double], smoothing: Double
  ) -> Double {
    let p = mixture(a, weightsA, smoothing: smoothing)
    let q = mixture(b, weightsB, smoothing: smoothing)
    return hellinger(p, q)
  }

  /// √(Σ (√p − √q)² / 2); for distributions that sum to 1 the same as √(1 − Σ √(p q)).
  static func hellinger(_ p: [Double], _ q: [Double]) -> Double {
    let count = max(p.count, q.count)
    var sum = 0.0
    for k in 0..<count {
      let difference = (k < p.count ? p[k] : 0).squareRoot() - (k < q.count ? q[k] : 0).squareRoot()
      sum += difference * difference
    }
    return (sum / 2).squareRoot()
  }

  /// The averaged, smoothed and normalised spectrum; the first element is the share of series that have none.
  private static func mixture(_ shapes: [[Double]?], _ weights: [Double], smoothing: Double) -> [Double] {
    var dead = 0.0
    var total = 0.0
    var sum: [Double] = []
    for (shape, weight) in zip(shapes, weights) where weight > 0 {
      total += weight
      guard let shape else {
        dead += weight
        continue
      }
      if sum.isEmpty { sum = [Double](repeating: 0, count: shape.count) }
      for k in shape.indices { sum[k] += weight * shape[k] }
    }
    guard total > 0 else { return [] }
    let smoothed = smoothing > 0 ? self.smoothed(sum, sigma: smoothing) : sum
    let alive = (normalised(smoothed) ?? []).map { $0 * (1 - dead / total) }
    return [dead / total] + alive
  }

  /// Convolution with a Gaussian cut at 4 σ; beyond its ends a spectrum is reflected: … x₂ x₁ x₀ x₁ x₂ ….
  static func smoothed(_ x: [Double], sigma: Double) -> [Double] {
    guard x.count > 1 else { return x }
    let radius = Int(4 * sigma)
    var kernel = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let total = kernel.reduce(0, +)
    for k in kernel.indices { kernel[k] /= total }
    let period = 2 * (x.count - 1)
    let padded = (-radius..<(x.count + radius)).map { index -> Double in
      let folded = ((index % period) + period) % period
      return x[folded < x.count ? folded : period - folded]
    }
    var result = [Double](repeating: 0, count: x.count)
    kernel.withUnsafeBufferPointer { kernel in
      padded.withUnsafeBufferPointer { padded in
        for k in result.indices {
          var sum = 0.0
          for j in 0..<kernel.count { sum += kernel[j] * padded[k + j] }
          result[k] = sum
        }
      }
    }
    return result
  }

  private static func standardised(_ series: [Double]) -> [Double]? {
    guard series.count > 1, series.allSatisfy(\.isFinite) else { return nil }
    let n = Double(series.count)
    let mean = series.reduce(0, +) / n
    let deviation = (series.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n).squareRoot()
    // A series that moves by less than round-off of its mean does not oscillate.
    guard deviation > 1e-12 * abs(mean), deviation > 0, deviation.isFinite else { return nil }
    return series.map { ($0 - mean) / deviation }
  }

  private static func normalised(_ power: [Double]) -> [Double]? {
    let total = power.reduce(0, +)
    guard total > 0, total.isFinite else { return nil }
    return power.map { $0 / total }
  }
}
