internal import Foundation

/// Statistics of named observables of a stream in one pass and bounded memory, over everything or with forgetting.
///
/// Nothing is kept of the frames but the last `maximumLag` of each trajectory. Folds over successive parts of a stream, or
/// over different trajectories, merge into the fold over all of it.
public struct ClimateFold: Codable, Sendable, Equatable {
  /// Trajectories whose last frames are remembered; the one that was silent longest is forgotten first.
  public static let trajectoriesUnderWay = 4096

  public let names: [String]
  public let maximumLag: Int
  /// Frames after which a frame counts half; nothing is forgotten when nil.
  public let halfLife: Double?
  public private(set) var seen = 0
  private var moments: [WeightedMoments]
  private var histograms: [StreamingHistogram]
  private var products: [LagProducts]
  /// Of each trajectory: its first and last values, (maximumLag at most, observables).
  private var ends: [Int: Ends] = [:]

  private struct Ends: Codable, Sendable, Equatable {
    var head: [[Double]] = []
    var tail: [[Double]] = []
    var last = 0
  }

  /// Σ x_t and Σ x_t x_{t+l} with their weights, from lag 0.
  private struct LagProducts: Codable, Sendable, Equatable {
    var total = 0.0
    var sums: [Double]
    var weights: [Double]

    init(maximumLag: Int) {
      sums = [Double](repeating: 0, count: maximumLag + 1)
      weights = sums
    }

    mutating func add(_ x: Double, _ y: Double, lag: Int) {
      guard x.isFinite, y.isFinite else { return }
      if lag == 0 { total += x }
      sums[lag] += x * y
      weights[lag] += 1
    }

    mutating func merge(_ other: LagProducts) {
      total += other.total
      for lag in sums.indices {
        sums[lag] += other.sums[lag]
        weights[lag] += other.weights[lag]
      }
    }

    mutating func decay(_ factor: Double) {
      total *= factor
      for lag in sums.indices {
        sums[lag] *= factor
        weights[lag] *= factor
      }
    }

    /// A(l) up to the longest lag that there are pairs for; empty for a constant.
    var curve: [Double] {
      let lags = weights.prefix { $0 > 0 }.count
      guard lags > 0 else { return [] }
      let mean = total / weights[0]
      let variance = sums[0] / weights[0] - mean * mean
      guard variance > 0, variance.isFinite else { return [] }
      return (0..<lags).map { (sums[$0] / weights[$0] - mean * mean) / variance }
    }
  }

  public init(names: [String], maximumLag: Int, halfLife: Double? = nil) {
    precondition(!names.isEmpty && maximumLag >= 0 && (halfLife ?? 1) > 0, "a fold needs observables and lags")
    self.names = names
    self.maximumLag = maximumLag
    self.halfLife = halfLife
    moments = names.map { _ in WeightedMoments() }
    histograms = names.map { _ in StreamingHistogram() }
    products = names.map { _ in LagProducts(maximumLag: maximumLag) }
  }

  /// Adds one frame of one trajectory; frames of a trajectory must come in order.
  public mutating func add(trajectory: Int, values: [Double]) {
    precondition(values.count == names.count, "expected \(names.count) observables, got \(values.count)")
    if let halfLife { decay(exp2(-1 / halfLife)) }
    seen += 1
    var ends = ends.removeValue(forKey: trajectory) ?? Ends()
    for k in names.indices {
      moments[k].add(values[k])
      histograms[k].add(values[k])
      products[k].add(values[k], values[k], lag: 0)
      for (back, earlier) in ends.tail.reversed().enumerated() {
        products[k].add(earlier[k], values[k], lag: back + 1)
      }
    }
    if ends.head.count < maximumLag { ends.head.append(values) }
    ends.tail.append(values)
    if ends.tail.count > maximumLag { ends.tail.removeFirst() }
    ends.last = seen
    self.ends[trajectory] = ends
    if self.ends.count > Self.trajectoriesUnderWay, let oldest = self.ends.min(by: { $0.value.last < $1.value.last }) {
      self.ends[oldest.key] = nil
    }
  }

  /// Adds what a fold over later frames of the same trajectories, or over other trajectories, has seen.
  public mutating func merge(_ later: ClimateFold) {
    precondition(
      later.names == names && later.maximumLag == maximumLag && halfLife == nil && later.halfLife == nil,
      "only folds of the same observables and lags that forget nothing can be merged")
    for k in names.indices {
      moments[k].merge(later.moments[k])
      histograms[k].merge(later.histograms[k])
      products[k].merge(later.products[k])
    }
    for (trajectory, theirs) in later.ends {
      guard var ours = ends[trajectory] else {
        var theirs = theirs
        theirs.last += seen
        ends[trajectory] = theirs
        continue
      }
      // Pairs that span the seam: i before it, j after it.
      for (back, earlier) in ours.tail.reversed().enumerated() {
        for (ahead, value) in theirs.head.enumerated() where back + ahead + 1 <= maximumLag {
          for k in names.indices { products[k].add(earlier[k], value[k], lag: back + ahead + 1) }
        }
      }
      // A part shorter than the longest lag is its own head and tail.
      if ours.head.count < maximumLag { ours.head = Array((ours.head + theirs.head).prefix(maximumLag)) }
      ours.tail = Array((ours.tail + theirs.tail).suffix(maximumLag))
      ours.last = seen + theirs.last
      ends[trajectory] = ours
    }
    seen += later.seen
  }

  /// The statistics now. The autocorrelation is the published one, with one global mean and variance.
  public func snapshot() -> ClimateSnapshot {
    ClimateSnapshot(
      frames: Int(moments[0].weight.rounded()), seen: seen,
      observables: names.indices.map { k in
        ObservableStatistics(
          name: names[k], moments: moments[k], histogram: histograms[k], autocorrelation: products[k].curve,
          trajectories: ends.count)
      })
  }

  private mutating func decay(_ factor: Double) {
    for k in names.indices {
      moments[k].decay(factor)
      histograms[k].decay(factor)
      products[k].decay(factor)
    }
  }

}
