internal import Foundation
public import Settings
internal import Trajectories

/// How like the truth's the domains of a model's rollouts are: C(r, t) of every order parameter on a lattice, and ξ at the
/// last frame.
///
/// Correlations are pooled over the trajectories at equal times, as `EqualTimeCorrelation` has them along the axes.
public struct CorrelationDistance: Metric {
  public static let word = "equal-time-correlation"
  public static let summary = "C(r, t) and domain size ξ of the order parameters of a lattice, truth against rollout"

  /// Frames that are looked at.
  let frames: Int

  public init(_ section: ConfigurationSection) {
    frames = section.integer("frames", default: 12, in: 1...1000, "Frames of a rollout that C(r) is compared at")
  }

  public func scores(_ rollouts: Rollouts) -> [Score] {
    let domain = rollouts.system.layout.domain
    guard domain.sites != nil else { return [] }
    let indices = EqualTimeCorrelation.frames(frames, of: rollouts.frames + 1)
    let seeded = (resamples: rollouts.resamples, seed: rollouts.seed)
    return rollouts.system.siteSeries.filter(\.isOrder).flatMap { series -> [Score] in
      func correlations(_ states: [[State<Double>]]) -> [[EqualTimeCorrelation]] {
        states.map { trajectory in indices.map { EqualTimeCorrelation(of: series.values(trajectory[$0]), on: domain) } }
      }
      let (truth, model) = (correlations(rollouts.truth.states), correlations(rollouts.states))
      let distance = Self.distance(truth, model)
      let floor = Self.distance(truth, truth).betweenHalves(splits: 8, seed: seeded.seed)
      let sizes = EnsembleDistance(estimator: "domain size/half-height", trajectories: (truth.count, model.count)) {
        _, weights in Self.pooled(model, weights).last!.length ?? .nan
      }
      let ones = [Double](repeating: 1, count: truth.count)
      return [
        Score(
          distance.estimator, of: series.name, distance.value,
          standardError: distance.standardError(resamples: seeded.resamples, paired: true, seed: seeded.seed),
          noiseFloor: floor, length: rollouts.frames, interval: rollouts.interval,
          convention: "root mean square over r along the axes and \(indices.count) frames"
            + (floor == nil ? "" : "; noise floor: halves of the truth, mean of 8 splits")),
        Score(
          sizes.estimator, of: series.name, sizes.value,
          standardError: sizes.standardError(resamples: seeded.resamples, paired: true, seed: seeded.seed),
          truth: Self.pooled(truth, ones).last!.length ?? .nan, length: rollouts.frames, interval: rollouts.interval,
          convention:
            "C(ξ) = ½ at the last frame; not a number where C(r) does not fall to ½ within half of the lattice"),
      ]
    }
  }

  /// The average over trajectories at each frame.
  /// - Parameter all: (B, T).
  static func pooled(_ all: [[EqualTimeCorrelation]], _ weights: [Double]) -> [EqualTimeCorrelation] {
    all[0].indices.map { t in EqualTimeCorrelation.pooled(zip(weights, all).map { ($0, $1[t]) }) }
  }

  /// Root-mean-square difference of C(r, t); infinite where the other has a field that is not finite.
  static func distance(_ truth: [[EqualTimeCorrelation]], _ other: [[EqualTimeCorrelation]]) -> EnsembleDistance {
    EnsembleDistance(estimator: "C(r)/axes-rms", trajectories: (truth.count, other.count)) { a, b in
      let lost = zip(b, other).contains { weight, own in weight > 0 && own.contains { $0.fields == 0 } }
      guard !lost else { return .infinity }
      let pairs = zip(pooled(truth, a), pooled(other, b)).flatMap { zip($0.alongAxes, $1.alongAxes) }
      let sum = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return (sum / Double(pairs.count)).squareRoot()
    }
  }
}

extension EqualTimeCorrelation {
  /// Of one field.
  init(of field: [Double], on domain: Domain) {
    self.init(on: domain)
    add(field)
  }

  /// Up to so many indices of `count` frames, nearly equally spaced in the logarithm, the last one among them.
  public static func frames(_ most: Int, of count: Int) -> [Int] {
    guard count > 1, most > 1 else { return count > 0 ? [count - 1] : [] }
    var chosen: Set<Int> = []
    for k in 0..<most {
      chosen.insert(Int(exp(log(Double(count - 1)) * Double(k) / Double(most - 1)).rounded()))
    }
    return chosen.sorted()
  }
}
