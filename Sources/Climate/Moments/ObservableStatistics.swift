/// One observable's statistics over a window.
public struct ObservableStatistics: Codable, Sendable, Equatable {
  public var name: String
  public var mean: Double
  public var variance: Double
  public var minimum: Double
  public var maximum: Double
  /// Values that are not finite: they are counted, and nothing else is computed from them.
  public var notFinite: Int
  /// Counts in equal bins: 32 from minimum to maximum, or those of a `StreamingHistogram`.
  public var histogram: [Int]
  /// Lower edge of the first bin, and the bins' width.
  public var histogramLow: Double
  public var histogramWidth: Double
  /// A(l) from lag 0, in frames.
  public var autocorrelation: [Double]
  /// Integrated autocorrelation time in frames, when the lags suffice to tell.
  public var autocorrelationTime: Double?
  /// Frames divided by 2 τ, when τ is known.
  public var effectiveSampleSize: Double?
  public var trajectories: Int

  init(name: String, values: [Double], autocorrelation: [Double], trajectories: Int) {
    self.name = name
    let finite = values.filter(\.isFinite)
    notFinite = values.count - finite.count
    let count = Double(max(1, finite.count))
    let mean = finite.reduce(0, +) / count
    self.mean = mean
    variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let low = finite.min() ?? 0
    let high = finite.max() ?? 0
    minimum = low
    maximum = high
    var histogram = [Int](repeating: 0, count: 32)
    // Halves, because the range of the largest numbers is not one of them.
    let range = high / 2 - low / 2
    if range > 0 { for value in finite { histogram[min(31, Int((value / 2 - low / 2) / range * 32))] += 1 } }
    self.histogram = histogram
    histogramLow = low
    histogramWidth = range / 16
    self.autocorrelation = autocorrelation
    autocorrelationTime = Autocorrelation.integratedTime(autocorrelation)
    effectiveSampleSize = autocorrelationTime.map { Double(finite.count) / (2 * $0) }
    self.trajectories = trajectories
  }

  init(
    name: String, moments: WeightedMoments, histogram: StreamingHistogram, autocorrelation: [Double], trajectories: Int
  ) {
    self.name = name
    mean = moments.mean
    variance = moments.variance
    minimum = moments.weight > 0 ? moments.minimum : 0
    maximum = moments.weight > 0 ? moments.maximum : 0
    notFinite = moments.notFinite
    let filled = histogram.filled
    self.histogram = filled.counts.map { Int($0.rounded()) }
    histogramLow = filled.low
    histogramWidth = histogram.width
    self.autocorrelation = autocorrelation
    autocorrelationTime = Autocorrelation.integratedTime(autocorrelation)
    effectiveSampleSize = autocorrelationTime.map { moments.weight / (2 * $0) }
    self.trajectories = trajectories
  }
}
