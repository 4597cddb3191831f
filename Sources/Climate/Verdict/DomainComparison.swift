internal import Foundation

/// The domains of two sets of trajectories side by side: C(r, t) along the axes and ξ(t), with error bars.
///
/// Error bars are jackknives over trajectories; NaN for a single one. At a time at which a trajectory is not finite there is
/// no C(r): an average of those that are left would be of others than the truth's.
public struct DomainComparison: Codable, Sendable, Equatable {
  public struct Side: Codable, Sendable, Equatable {
    /// C(r) at each time, (T, R + 1), and its standard error.
    public var correlation: [[Double]]
    public var correlationError: [[Double]]
    /// ξ at each time, in sites; NaN where C(r) does not fall to ½ within half of the lattice.
    public var length: [Double]
    public var lengthError: [Double]
    /// Trajectories that are not finite at each time, of how many.
    var lost: [Int] = []
    var trajectories = 0

    private enum CodingKeys: String, CodingKey { case correlation, correlationError, length, lengthError }
  }

  /// Of the order parameter.
  public var name: String
  public var times: [Double]
  public var timeUnit: String
  public var truth: Side
  public var other: Side
  /// Root mean square over r of the difference of C(r), at each time.
  public var difference: [Double]

  /// - Parameters: truth, other: (B, T), the times of both.
  public init(
    of name: String, truth: [[EqualTimeCorrelation]], other: [[EqualTimeCorrelation]], times: [Double],
    timeUnit: String = ""
  ) {
    self.name = name
    self.times = times
    self.timeUnit = timeUnit
    self.truth = Self.side(truth)
    self.other = Self.side(other)
    difference = zip(self.truth.correlation, self.other.correlation).map(Self.rootMeanSquare)
  }

  private static func rootMeanSquare(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += (x - y) * (x - y) }
    return (sum / Double(a.count)).squareRoot()
  }

  private static func side(_ all: [[EqualTimeCorrelation]]) -> Side {
    let ones = [Double](repeating: 1, count: all.count)
    let whole = CorrelationDistance.pooled(all, ones)
    let without = all.indices.map { left -> [EqualTimeCorrelation] in
      var weights = ones
      weights[left] = 0
      return all.count > 1 ? CorrelationDistance.pooled(all, weights) : whole
    }
    func error(_ values: [Double]) -> Double {
      let n = Double(values.count)
      guard n > 1 else { return .nan }
      let mean = values.reduce(0, +) / n
      return ((n - 1) / n * values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
    }
    let lost = whole.indices.map { t in all.count { $0[t].fields == 0 } }
    func known(_ t: Int, _ values: [Double]) -> [Double] { lost[t] == 0 ? values : values.map { _ in .nan } }
    return Side(
      correlation: whole.indices.map { known($0, whole[$0].alongAxes) },
      correlationError: whole.indices.map { t in
        let curves = without.map { $0[t].alongAxes }
        return curves[0].indices.map { r in error(curves.map { $0[r] }) }
      },
      length: whole.indices.map { lost[$0] == 0 ? whole[$0].length ?? .nan : .nan },
      lengthError: whole.indices.map { t in error(without.map { $0[t].length ?? .nan }) }, lost: lost,
      trajectories: all.count)
  }

  /// A sentence for the first time at which trajectories are not finite.
  private func loss(_ side: Side, _ name: String) -> String? {
    guard let t = side.lost.firstIndex(where: { $0 > 0 }) else { return nil }
    return
      "\(side.lost[t]) of \(side.trajectories) trajectories of the \(name) \(side.lost[t] == 1 ? "is" : "are") not finite "
      + String(format: "at time %.6g: from there on nothing is compared", times[t])
  }

  /// A table of some eight times.
  public var text: String {
    func number(_ x: Double) -> String { x.isFinite ? String(format: "%8.3f", x) : "       —" }
    let unit = timeUnit.isEmpty ? "" : " (\(timeUnit))"
    func side(_ side: Side, _ t: Int) -> String { "\(number(side.length[t])) ±\(number(side.lengthError[t]))" }
    let rows = EqualTimeCorrelation.frames(8, of: times.count).map { t -> String in
      String(format: "%14.6g", times[t]) + "   \(side(truth, t))   \(side(other, t))   \(number(difference[t]))"
    }
    let head = "    time" + unit.padding(toLength: 9, withPad: " ", startingAt: 0)
    return
      ([
        "domains of \(name): C(ξ) = ½ along the axes, errors by jackknife over trajectories",
        head + "ξ of the truth       ξ of the other      rms of ΔC(r)",
      ] + rows + [loss(truth, "truth"), loss(other, "other")].compactMap { $0 }).joined(separator: "\n")
  }
}
