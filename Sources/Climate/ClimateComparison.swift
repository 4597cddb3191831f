internal import Foundation

/// Two climates side by side: order parameters of a truth and of something that claims to be like it.
///
/// Both are cut to the same window. Divergent trajectories are counted and reported; every statistic is given over all
/// trajectories, and over the survivors beside it where the two differ.
public struct ClimateComparison: Codable, Sendable {
  /// One observable of both.
  public struct Observable: Codable, Sendable {
    public var name: String
    public var truth: Moments
    public var other: Moments
    /// Root-mean-square difference of series with the same number; nil when the numbers of trajectories differ.
    public var rmse: Double?
    /// Wasserstein-1 distance of the marginal distributions.
    public var wasserstein1: Distance
    /// Root-mean-square difference of the autocorrelations over all lags.
    public var autocorrelationDistance: Distance
    /// Hellinger distances of the power spectra.
    public var spectralDistances: [Distance]
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

  public struct Distance: Codable, Sendable {
    public var estimator: String
    public var value: Double
    /// Standard deviation over bootstrap resamples of the trajectories; nil for fewer than two on a side.
    public var standardError: Double?
    /// The same distance between truth and truth: what sampling alone gives. Nil for one trajectory.
    public var noiseFloor: Double?
    /// What the noise floor is taken from.
    public var noiseFloorSource: String?
    /// Over the trajectories that did not diverge, when some did.
    public var survivors: Double?
    /// Trajectories that are wanting, of truth and other each, for a standard error of a fifth of the value; 0 when there
    /// are enough, nil where there is no error bar to tell from.
    public var furtherTrajectories: Int?
    /// Points that the estimator could not place, where it can tell.
    public var outside: Int?
    public var note: String?

    /// Whether the value exceeds the noise floor by more than two standard errors.
    public var isAboveNoise: Bool? {
      guard let noiseFloor, let standardError else { return nil }
      return value - noiseFloor > 2 * standardError
    }
  }

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
  public var truthTrajectories: Int
  public var otherTrajectories: Int
  /// Trajectories of the other that diverged: not finite, or a range of Δρ or ΔQ beyond 1.1 times the truth's largest.
  public var divergent: Int
  public var observables: [Observable]
  /// By observable.
  public var autocorrelation: [String: Curve]
  /// By observable.
  public var spectra: [String: Spectra]
  /// Divergences of the distributions of points in the space of all observables.
  public var stateSpace: [Distance]

  /// - Parameters:
  ///   - truth: Series by observable, (B, T) each.
  ///   - other: The same of the other; names as in `truth`.
  ///   - reference: Other truth of the same size, for the noise floor; halves of the truth when nil.
  ///   - timeStep: Time between frames.
  ///   - maximumLag: A quarter of the window when nil.
  ///   - paired: Trajectory k of the other starts where trajectory k of the truth does.
  ///   - resamples: Of the bootstrap.
  ///   - seed: Of the bootstrap and of Monte Carlo draws.
  public init(
    truth: [String: [[Double]]], other: [String: [[Double]]], reference: [String: [[Double]]]? = nil, timeStep: Double,
    maximumLag: Int? = nil, paired: Bool = false, resamples: Int = 100, seed: UInt64 = 0
  ) {
    let names = truth.keys.sorted()
    let frames = (Array(truth.values) + Array(other.values)).flatMap { $0.map(\.count) }.min() ?? 0
    func cut(_ series: [[Double]]?) -> [[Double]] { (series ?? []).map { Array($0.prefix(frames)) } }
    let lag = min(maximumLag ?? frames / 4, max(0, frames - 1))
    let diverged = Set(names.flatMap { Divergence.divergent(cut(other[$0]), truth: cut(truth[$0])) })
    self.frames = frames
    self.timeStep = timeStep
    truthTrajectories = truth.values.first?.count ?? 0
    otherTrajectories = other.values.first?.count ?? 0
    divergent = diverged.count
    // A reference that is shorter than the window would measure another window.
    let usable = reference.flatMap { reference in
      names.allSatisfy { name in !(reference[name] ?? []).isEmpty && reference[name]!.allSatisfy { $0.count >= frames }
      }
        ? reference : nil
    }
    let judge = Judge(
      survivors: diverged.isEmpty ? nil : Set(0..<otherTrajectories).subtracting(diverged), hasReference: usable != nil,
      paired: paired, resamples: resamples, seed: seed)
    observables = []
    autocorrelation = [:]
    spectra = [:]
    for name in names {
      let x = cut(truth[name])
      let y = cut(other[name])
      let floor = usable.map { cut($0[name]) } ?? x
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
          wasserstein1: judge.distance(.wasserstein1(x, y), floor: .wasserstein1(x, floor)),
          autocorrelationDistance: judge.distance(
            .autocorrelation(x, y, maximumLag: lag), floor: .autocorrelation(x, floor, maximumLag: lag)),
          spectralDistances: [SpectralDistance.teacherForcing, SpectralDistance.dysts].map {
            judge.distance(.spectral($0, x, y), floor: .spectral($0, x, floor))
          }))
    }
    func points(_ series: [String: [[Double]]]) -> StateSpaceDivergence.Points {
      let columns = names.map { cut(series[$0]) }
      return (0..<(columns.map(\.count).min() ?? 0)).map { trajectory in
        (0..<frames).map { t in columns.map { $0[trajectory][t] } }
      }
    }
    let (x, y) = (points(truth), points(other))
    stateSpace = zip(
      EnsembleDistance.stateSpace(x, y, seed: seed),
      EnsembleDistance.stateSpace(x, usable.map(points) ?? x, seed: seed)
    ).map { judge.distance($0, floor: $1) }
  }

  /// All distances, with the name of the observable where they are of one.
  public var distances: [(observable: String?, distance: Distance)] {
    observables.flatMap { o in
      ([o.wasserstein1, o.autocorrelationDistance] + o.spectralDistances).map { (o.name, $0) }
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

  /// What is asked of every distance alike.
  private struct Judge {
    let survivors: Set<Int>?
    let hasReference: Bool
    let paired: Bool
    let resamples: Int
    let seed: UInt64

    func distance(_ measured: EnsembleDistance, floor: EnsembleDistance) -> Distance {
      let value = measured.value
      let error = measured.standardError(resamples: resamples, paired: paired, seed: seed)
      let noise = hasReference ? floor.value : floor.betweenHalves(splits: 8, seed: seed)
      let count = min(measured.trajectories.truth, measured.trajectories.other)
      var further: Int?
      if let error, value > 0, value.isFinite {
        // The error falls with the root of the number of trajectories.
        let wanted = Double(count) * (error / (0.2 * value)) * (error / (0.2 * value))
        further = wanted.isFinite ? max(0, Int(min(wanted, 1e9).rounded(.up)) - count) : nil
      } else if count < 2 {
        further = 2 - count
      }
      return Distance(
        estimator: measured.estimator, value: value, standardError: error, noiseFloor: noise,
        noiseFloorSource: noise == nil ? nil : hasReference ? "other truth" : "halves of the truth, mean of 8 splits",
        survivors: survivors.flatMap { $0.isEmpty ? nil : measured.value(survivors: $0) },
        furtherTrajectories: further, outside: measured.outside, note: measured.note)
    }
  }
}
