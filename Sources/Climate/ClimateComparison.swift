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
    /// Wasserstein-1 distance of the marginal distributions, and the same between two halves of the truth.
    public var wasserstein1: Distance
    /// Root-mean-square difference of the autocorrelations over all lags.
    public var autocorrelationDistance: Distance
  }

  public struct Moments: Codable, Sendable {
    public var mean: Double
    public var standardDeviation: Double
    public var minimum: Double
    public var maximum: Double
  }

  public struct Distance: Codable, Sendable {
    public var estimator: String
    public var value: Double
    /// The same distance between two halves of the truth's trajectories: what sampling alone gives. Nil for one trajectory.
    public var noiseFloor: Double?
    /// Over the trajectories that did not diverge, when some did.
    public var survivors: Double?
  }

  /// Arrays from lag 0, in frames.
  public struct Curve: Codable, Sendable {
    public var truth: [Double]
    public var truthStandardError: [Double]
    public var other: [Double]
    public var otherStandardError: [Double]
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

  /// - Parameters:
  ///   - truth: Series by observable, (B, T) each.
  ///   - other: The same of the other; names as in `truth`.
  ///   - timeStep: Time between frames.
  ///   - maximumLag: A quarter of the window when nil.
  public init(truth: [String: [[Double]]], other: [String: [[Double]]], timeStep: Double, maximumLag: Int? = nil) {
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
    observables = []
    autocorrelation = [:]
    for name in names {
      let x = cut(truth[name])
      let y = cut(other[name])
      let survivors = y.enumerated().filter { !diverged.contains($0.offset) }.map(\.element)
      let curve = Curve(
        truth: Autocorrelation.ensemble(x, maximumLag: lag),
        truthStandardError: Autocorrelation.standardErrors(x, maximumLag: lag),
        other: Autocorrelation.ensemble(y, maximumLag: lag),
        otherStandardError: Autocorrelation.standardErrors(y, maximumLag: lag))
      autocorrelation[name] = curve
      let halves = x.count >= 2 ? (Array(x[..<(x.count / 2)]), Array(x[(x.count / 2)...])) : nil
      func distance(_ estimator: String, _ measure: ([[Double]], [[Double]]) -> Double) -> Distance {
        Distance(
          estimator: estimator, value: measure(x, y), noiseFloor: halves.map { measure($0.0, $0.1) },
          survivors: diverged.isEmpty || survivors.isEmpty ? nil : measure(x, survivors))
      }
      observables.append(
        Observable(
          name: name, truth: Self.moments(x), other: Self.moments(y),
          rmse: x.count == y.count ? Distances.rootMeanSquare(x.flatMap(\.self), y.flatMap(\.self)) : nil,
          wasserstein1: distance("W1/empirical-quantiles") {
            Distances.wasserstein1($0.flatMap(\.self), $1.flatMap(\.self))
          },
          autocorrelationDistance: distance("ACF/published-global-mean-rms") {
            Distances.rootMeanSquare(
              Autocorrelation.ensemble($0, maximumLag: lag), Autocorrelation.ensemble($1, maximumLag: lag))
          }))
    }
  }

  private static func moments(_ series: [[Double]]) -> Moments {
    let values = series.flatMap(\.self)
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return Moments(
      mean: mean, standardDeviation: variance.squareRoot(), minimum: values.min() ?? .nan, maximum: values.max() ?? .nan
    )
  }

  /// The comparison as a table.
  public var text: String {
    func number(_ x: Double?) -> String { x.map { String(format: "%10.3e", $0) } ?? "         —" }
    var lines = [
      "\(frames) frames of \(String(format: "%g", timeStep)) each; truth: \(truthTrajectories) trajectories, other: \(otherTrajectories), of which \(divergent) diverged",
      "",
      "                        mean   std. dev.     minimum     maximum",
    ]
    for o in observables {
      for (label, m) in [("truth", o.truth), ("other", o.other)] {
        lines.append(
          "\(o.name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(label)  \(number(m.mean))  \(number(m.standardDeviation))  \(number(m.minimum))  \(number(m.maximum))"
        )
      }
    }
    lines += ["", "                                       distance  noise floor   survivors"]
    for o in observables {
      lines.append(
        "\(o.name.padding(toLength: 10, withPad: " ", startingAt: 0)) RMSE, frame by frame        \(number(o.rmse))")
      for d in [o.wasserstein1, o.autocorrelationDistance] {
        lines.append(
          "           \(d.estimator.padding(toLength: 27, withPad: " ", startingAt: 0)) \(number(d.value))  \(number(d.noiseFloor))  \(number(d.survivors))"
        )
      }
    }
    return lines.joined(separator: "\n")
  }
}
