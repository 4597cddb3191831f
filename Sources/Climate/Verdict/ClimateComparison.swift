internal import Foundation
internal import Trajectories

/// Two climates side by side: observables of a truth and of something that claims to be like it.
///
/// Both are cut to the same window. Divergent trajectories are counted and reported; every statistic is given over all
/// trajectories, and over the survivors beside it where the two differ.
public struct ClimateComparison: Codable, Sendable {
  /// One observable of both.
  public struct Observable: Sendable {
    public var name: String
    public var truth: Moments
    public var other: Moments
    /// Root-mean-square difference of series with the same number; nil when the numbers of trajectories differ.
    public var rmse: Double?
    /// Of every metric that looks at single observables, in the order of the catalogue.
    public var distances: [Distance]
  }

  public struct Moments: Codable, Sendable {
    public var mean: Double
    public var standardDeviation: Double
    public var minimum: Double
    public var maximum: Double
    /// Integrated autocorrelation time in frames, when the lags suffice to tell.
    public var autocorrelationTime: Double?
    /// Frames of all trajectories divided by 2 τ.
    public var effectiveSampleSize: Double?
    /// Of the mean: σ / √(effective sample size).
    public var standardError: Double?
  }

  public typealias Distance = ClimateDistance

  /// Arrays from lag 0, in frames.
  public struct Curve: Codable, Sendable {
    public var truth: [Double]
    public var truthStandardError: [Double]
    public var other: [Double]
    public var otherStandardError: [Double]
    /// Means of each trajectory's own autocorrelation.
    public var truthTimeAveraged: [Double]
    public var otherTimeAveraged: [Double]
  }

  /// Power spectral densities, by frequency.
  public struct Spectra: Codable, Sendable {
    public var truth: PowerSpectrum
    public var other: PowerSpectrum
  }

  public var frames: Int
  public var timeStep: Double
  /// Of time; nil in what earlier versions wrote.
  public var timeUnit: String?
  public var truthTrajectories: Int
  public var otherTrajectories: Int
  /// Trajectories of the other that diverged: of rollouts by the rule of survival, of an independent set those that are
  /// not finite.
  public var divergent: Int
  /// Whether the other was predicted; nil in what earlier versions wrote.
  public var areRollouts: Bool?
  /// Trajectories of an independent set that range over more than 1.1 times the truth's widest range.
  public var wider: Int?
  public var observables: [Observable]
  /// By observable.
  public var autocorrelation: [String: Curve]
  /// By observable.
  public var spectra: [String: Spectra]
  /// Divergences of the distributions of points in the space of all observables.
  public var stateSpace: [Distance]

  /// Every distance as a score.
  public var scores: [Score]

  /// Two ensembles of series, such as of two stores.
  /// - Parameters:
  ///   - truth: Series by observable, (B, T) each.
  ///   - other: The same of the other; names as in `truth`.
  ///   - reference: Other truth of the same size, for the noise floor; halves of the truth when nil.
  ///   - timeStep: Time between frames.
  ///   - timeUnit: Of it, such as `ħ/t_hop`; empty for none.
  ///   - maximumLag: The metric's own, a quarter of the window, when nil.
  ///   - paired: Trajectory k of the other starts where trajectory k of the truth does.
  ///   - areRollouts: The other is predicted, so that its trajectories can diverge; else a set of its own.
  ///   - resamples: Of the bootstrap.
  ///   - seed: Of the bootstrap and of Monte Carlo draws.
  /// - Throws: `ClimateError` that names the trajectory and the frame for a truth that is not finite, or for observables
  ///   that the other does not have.
  public init(
    truth: [String: [[Double]]], other: [String: [[Double]]], reference: [String: [[Double]]]? = nil, timeStep: Double,
    timeUnit: String = "", maximumLag: Int? = nil, paired: Bool = false, areRollouts: Bool = false,
    metrics: Metrics = .standard,
    resamples: Int = 100, seed: UInt64 = 0
  ) throws(ClimateError) {
    for (name, series) in truth.sorted(by: { $0.key < $1.key }) {
      guard other[name] != nil else {
        throw ClimateError(
          .invalidData, "the other has no \(name); it has \(other.keys.sorted().joined(separator: ", "))")
      }
      try Self.check(series, name, "the truth")
    }
    for (name, series) in reference ?? [:] { try Self.check(series, name, "the other truth for the noise floor") }
    self.init(
      ClimateWindow(
        truth: truth, other: other, reference: reference, paired: paired, areRollouts: areRollouts,
        resamples: resamples,
        context: DistanceContext(maximumLag: maximumLag, seed: seed)), timeStep: timeStep, timeUnit: timeUnit,
      areRollouts: areRollouts, metrics)
  }

  /// The rollouts of a model beside the truth from the same states.
  public init(_ rollouts: Rollouts, metrics: Metrics = .standard) {
    self.init(
      ClimateWindow(rollouts), timeStep: rollouts.interval, timeUnit: rollouts.truth.timeUnit, areRollouts: true,
      metrics)
  }

  private init(_ window: ClimateWindow, timeStep: Double, timeUnit: String, areRollouts: Bool, _ metrics: Metrics) {
    self.timeUnit = timeUnit
    frames = window.frames
    self.timeStep = timeStep
    truthTrajectories = window.truth.values.first?.count ?? 0
    otherTrajectories = window.other.values.first?.count ?? 0
    divergent = window.divergent.count
    self.areRollouts = areRollouts
    wider = areRollouts ? nil : window.wider.count
    let lag = AutocorrelationDistance.lag(window.context.maximumLag ?? metrics.lag, frames: window.frames)
    observables = []
    autocorrelation = [:]
    spectra = [:]
    scores = []
    for name in window.names {
      let x = window.truth[name]!
      let y = window.other[name]!
      let curve = Curve(
        truth: Autocorrelation.ensemble(x, maximumLag: lag),
        truthStandardError: Autocorrelation.standardErrors(x, maximumLag: lag),
        other: Autocorrelation.ensemble(y, maximumLag: lag),
        otherStandardError: Autocorrelation.standardErrors(y, maximumLag: lag),
        truthTimeAveraged: Autocorrelation.timeAveraged(x, maximumLag: lag),
        otherTimeAveraged: Autocorrelation.timeAveraged(y, maximumLag: lag))
      autocorrelation[name] = curve
      spectra[name] = Spectra(
        truth: PowerSpectrum(x, timeStep: timeStep), other: PowerSpectrum(y, timeStep: timeStep))
      observables.append(
        Observable(
          name: name, truth: Self.moments(x, curve.truth), other: Self.moments(y, curve.other),
          rmse: x.count == y.count ? Distances.rootMeanSquare(x.flatMap(\.self), y.flatMap(\.self)) : nil,
          distances: metrics.ofObservables.map { window.distance($0, of: name) }))
    }
    stateSpace = metrics.ofStateSpace.compactMap { window.distance($0) }
    scores = Self.scores(distances, frames: frames, interval: timeStep)
  }

  private static func check(_ series: [[Double]], _ name: String, _ what: String) throws(ClimateError) {
    for (trajectory, values) in series.enumerated() {
      guard let frame = values.firstIndex(where: { !$0.isFinite }) else { continue }
      throw ClimateError(
        .notFinite,
        "\(what) is not finite: \(name) of trajectory \(trajectory) is \(values[frame]) at frame \(frame) of the window"
      )
    }
  }

  static func scores(_ distances: [(observable: String?, distance: Distance)], frames: Int, interval: Double) -> [Score]
  {
    distances.map { $0.distance.score(of: $0.observable, frames: frames, interval: interval) }
  }

  /// All distances, with the name of the observable where they are of one.
  public var distances: [(observable: String?, distance: Distance)] {
    observables.flatMap { o in
      o.distances.map { (o.name, $0) }
    } + stateSpace.map { (nil, $0) }
  }

  /// How many times its noise floor a distance is, as the geometric mean over all distances that have both: about 1 for a
  /// model that is as like the truth as other truth is. No distance counts as less than a tenth of its noise floor.
  /// Infinite when a distance is not finite; nil without a noise floor.
  public var score: Double? {
    let ratios = distances.compactMap { entry -> Double? in
      guard let floor = entry.distance.noiseFloor, floor > 0, floor.isFinite else { return nil }
      return entry.distance.value.isFinite ? max(entry.distance.value / floor, 0.1) : .infinity
    }
    guard !ratios.isEmpty else { return nil }
    return exp(ratios.reduce(0) { $0 + log($1) } / Double(ratios.count))
  }

  private static func moments(_ series: [[Double]], _ autocorrelation: [Double]) -> Moments {
    let values = series.flatMap(\.self)
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let time = Autocorrelation.integratedTime(autocorrelation)
    let size = time.map { count / (2 * $0) }
    return Moments(
      mean: mean, standardDeviation: variance.squareRoot(), minimum: values.min() ?? .nan,
      maximum: values.max() ?? .nan,
      autocorrelationTime: time, effectiveSampleSize: size, standardError: size.map { (variance / $0).squareRoot() })
  }
}
