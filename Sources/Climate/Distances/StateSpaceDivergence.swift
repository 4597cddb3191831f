internal import Foundation
internal import Tensors

/// D_stsp: the Kullback–Leibler divergence KL(truth ‖ other) of the distributions of points in the space of observables.
///
/// Source: Hess, Monfared, Brenner and Durstewitz, "Generalized teacher forcing for learning chaotic dynamics", ICML 2023,
/// and its program (repository GTF-shPLRNN, commit 63ac00d), whose defaults are the ones here.
enum StateSpaceDivergence {
  /// Points of trajectories, (B, T, D).
  typealias Points = [[[Double]]]

  /// `D_stsp/gtf-bin30`: 30 bins a dimension over the truth's range widened by a tenth of its standard deviation on either
  /// side; counts smoothed by 10⁻⁵ a bin. Points outside the box are in no bin, as in the program, and are counted here.
  struct Binned: Sendable {
    private let bins: Double
    /// Bins that any point is in.
    private let occupied: Int
    /// By trajectory, the occupied bins it visits and how often.
    private let truth: [[Visit]]
    private let other: [[Visit]]
    /// Points of the other in no bin, by trajectory.
    let outside: [Int]
    private static let alpha = 1e-5

    private struct Visit: Sendable {
      var bin: Int
      var count: Double
    }

    /// - Returns: nil for no points, or for more dimensions than bins make sense in (the program's rule: 6).
    init?(truth: Points, other: Points, binsPerDimension: Int = 30) {
      guard let dimension = truth.first?.first?.count, dimension < 6, dimension > 0 else { return nil }
      let flat = truth.flatMap(\.self).filter { $0.allSatisfy(\.isFinite) }
      guard flat.count > 1 else { return nil }
      let edges = (0..<dimension).map { d -> (low: Double, width: Double) in
        let values = flat.map { $0[d] }
        let deviation = Self.deviation(values)
        let low = values.min()! - 0.1 * deviation
        let high = values.max()! + 0.1 * deviation
        return (low, (high - low) / Double(binsPerDimension))
      }
      var numbers: [Int: Int] = [:]
      func bin(_ point: [Double]) -> Int? {
        var index = 0
        for d in 0..<dimension {
          // A truth that stands still has a box of no width, which holds only itself.
          let position =
            edges[d].width > 0 ? (point[d] - edges[d].low) / edges[d].width : point[d] == edges[d].low ? 0 : -1
          guard position >= 0, position < Double(binsPerDimension) else { return nil }
          index = index * binsPerDimension + Int(position)
        }
        let number = numbers[index] ?? numbers.count
        numbers[index] = number
        return number
      }
      func visits(_ points: Points) -> (visits: [[Visit]], outside: [Int]) {
        var outside: [Int] = []
        let visits = points.map { trajectory -> [Visit] in
          var counts: [Int: Double] = [:]
          var missed = 0
          for point in trajectory {
            if let bin = bin(point) { counts[bin, default: 0] += 1 } else { missed += 1 }
          }
          outside.append(missed)
          return counts.sorted { $0.key < $1.key }.map { Visit(bin: $0.key, count: $0.value) }
        }
        return (visits, outside)
      }
      bins = pow(Double(binsPerDimension), Double(dimension))
      self.truth = visits(truth).visits
      (self.other, outside) = visits(other)
      occupied = numbers.count
    }

    /// Σ p ln(p/q), infinite when no point of the other is inside the box.
    func divergence(_ weightsTruth: [Double], _ weightsOther: [Double]) -> Double {
      let p = sum(truth, weightsTruth)
      let q = sum(other, weightsOther)
      let totals = (p.reduce(0, +), q.reduce(0, +))
      guard totals.0 > 0, totals.1 > 0 else { return .infinity }
      func probability(_ count: Double, _ total: Double) -> Double {
        (count + Self.alpha) / (total + Self.alpha * bins)
      }
      var result = 0.0
      for bin in 0..<occupied {
        let x = probability(p[bin], totals.0)
        result += x * log(x / probability(q[bin], totals.1))
      }
      // All bins that nobody is in are alike.
      let x = probability(0, totals.0)
      return result + (bins - Double(occupied)) * x * log(x / probability(0, totals.1))
    }

    private func sum(_ visits: [[Visit]], _ weights: [Double]) -> [Double] {
      var sum = [Double](repeating: 0, count: occupied)
      for (trajectory, weight) in zip(visits, weights) where weight > 0 {
        for visit in trajectory { sum[visit.bin] += weight * visit.count }
      }
      return sum
    }

    private static func deviation(_ values: [Double]) -> Double {
      let mean = values.reduce(0, +) / Double(values.count)
      return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
  }

  /// `D_stsp/gtf-gmm1`: each point a Gaussian of variance 1 in units of the truth's standard deviation; the divergence of
  /// the two mixtures by Monte Carlo over 1000 draws from the truth's (Hershey and Olsen, ICASSP 2007).
  ///
  /// Densities are sums of exponentials taken by their logarithms, so that no draw has density 0 and none is dropped, as
  /// the program must where its sums underflow. Of more than 10 000 points, 10 000 equally spaced ones are taken. Points
  /// that are not finite keep their weight and have density 0 everywhere.
  struct GaussianMixture: Sendable {
    private let truth: Densities
    private let other: Densities
    private let truthPoints: [Double]
    private let otherPoints: [Double]
    /// The truth's trajectory that each draw is from.
    private let origin: [Int]
    /// Draws that are farther than 4 σ from every point of the other.
    let outside: Int

    init?(truth: Points, other: Points, variance: Double = 1, draws: Int = 1000, seed: UInt64 = 0) {
      guard let dimension = truth.first?.first?.count, dimension > 0 else { return nil }
      let finite = truth.flatMap(\.self).filter { $0.allSatisfy(\.isFinite) }
      guard finite.count > 1 else { return nil }
      let scales = (0..<dimension).map { d -> (mean: Double, deviation: Double) in
        let mean = finite.reduce(0) { $0 + $1[d] } / Double(finite.count)
        let squares = finite.reduce(0) { $0 + ($1[d] - mean) * ($1[d] - mean) }
        let deviation = (squares / Double(finite.count)).squareRoot()
        return (mean, deviation > 0 ? deviation : 1)
      }
      /// (points, D) of a trajectory, one after the other, without the ones that are not finite.
      func scaled(_ trajectory: [[Double]]) -> [Double] {
        trajectory.filter { $0.allSatisfy(\.isFinite) }.flatMap { point in
          (0..<dimension).map { (point[$0] - scales[$0].mean) / scales[$0].deviation }
        }
      }
      let thinned = (Self.thinned(truth), Self.thinned(other))
      let a = thinned.0.map(scaled)
      let b = thinned.1.map(scaled)
      truthPoints = thinned.0.map { Double($0.count) }
      otherPoints = thinned.1.map { Double($0.count) }
      let sources = a.indices.filter { !a[$0].isEmpty }
      let sigma = variance.squareRoot()
      var origin: [Int] = []
      var truthDensity: [[Double]] = []
      var otherDensity: [[Double]] = []
      var outside = 0
      for draw in 0..<draws {
        var random = CounterRandom(seed: seed, purpose: .evaluation, trajectory: 1 << 20, step: UInt64(draw))
        // Trajectories in turn, so that each has its share of the draws.
        let from = sources[draw % sources.count]
        let points = a[from].count / dimension
        let start = min(points - 1, Int(random.uniform() * Double(points))) * dimension
        let sample = (0..<dimension).map { a[from][start + $0] + sigma * random.normal() }
        origin.append(from)
        truthDensity.append(a.map { Self.logSum(sample, $0, variance).log })
        let others = b.map { Self.logSum(sample, $0, variance) }
        otherDensity.append(others.map(\.log))
        if others.allSatisfy({ $0.nearest > 16 * variance }) { outside += 1 }
      }
      self.origin = origin
      self.truth = Densities(truthDensity)
      self.other = Densities(otherDensity)
      self.outside = outside
    }

    func divergence(_ weightsTruth: [Double], _ weightsOther: [Double]) -> Double {
      func total(_ points: [Double], _ weights: [Double]) -> Double {
        zip(points, weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let normalisation = log(total(truthPoints, weightsTruth)) - log(total(otherPoints, weightsOther))
      let p = truth.logarithms(weightsTruth)
      let q = other.logarithms(weightsOther)
      var sum = 0.0
      var weight = 0.0
      for (draw, from) in origin.enumerated() where weightsTruth[from] > 0 {
        sum += weightsTruth[from] * (p[draw] - q[draw] - normalisation)
        weight += weightsTruth[from]
      }
      return weight > 0 ? sum / weight : .nan
    }

    /// ln Σ_t exp(−|s − x_t|²/2σ²) of each draw s over the points of each trajectory, kept so that any weighting of the
    /// trajectories is a product of a matrix and a vector.
    private struct Densities: Sendable {
      /// (draws, B).
      private let logs: [[Double]]
      /// The largest of each draw, and the exponentials of the others relative to it, (draws · B).
      private let largest: [Double]
      private let relative: [Double]

      init(_ logs: [[Double]]) {
        self.logs = logs
        largest = logs.map { $0.max() ?? -.infinity }
        relative = zip(logs, largest).flatMap { logs, largest in
          logs.map { largest > -.infinity ? exp($0 - largest) : 0 }
        }
      }

      /// ln Σ_b w_b e^l for every draw.
      func logarithms(_ weights: [Double]) -> [Double] {
        var result = largest
        let count = weights.count
        relative.withUnsafeBufferPointer { relative in
          weights.withUnsafeBufferPointer { weights in
            for draw in 0..<result.count {
              var sum = 0.0
              for b in 0..<count { sum += weights[b] * relative[draw * count + b] }
              result[draw] += log(sum)
            }
          }
        }
        // Where the nearest trajectory has no weight, the others may have underflowed beside it.
        for draw in result.indices where result[draw] == -.infinity {
          result[draw] = GaussianMixture.logSum(logs[draw], weights)
        }
        return result
      }
    }

    private static func thinned(_ points: Points) -> Points {
      let total = points.reduce(0) { $0 + $1.count }
      let every = (total + 9_999) / 10_000
      guard every > 1 else { return points }
      return points.map { trajectory in stride(from: 0, to: trajectory.count, by: every).map { trajectory[$0] } }
    }

    /// ln Σ w e^l over trajectories.
    private static func logSum(_ logs: [Double], _ weights: [Double]) -> Double {
      var largest = -Double.infinity
      for (value, weight) in zip(logs, weights) where weight > 0 { largest = max(largest, value) }
      guard largest > -.infinity else { return -.infinity }
      var sum = 0.0
      for (value, weight) in zip(logs, weights) where weight > 0 { sum += weight * exp(value - largest) }
      return largest + log(sum)
    }

    /// ln Σ_t exp(−|s − x_t|²/2σ²), and the smallest |s − x_t|².
    private static func logSum(_ sample: [Double], _ points: [Double], _ variance: Double) -> (
      log: Double, nearest: Double
    ) {
      let dimension = sample.count
      let count = points.count / dimension
      guard count > 0 else { return (-.infinity, .infinity) }
      var nearest = Double.infinity
      var sum = 0.0
      withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { squares in
        points.withUnsafeBufferPointer { points in
          var at = 0
          for t in 0..<count {
            var square = 0.0
            for value in sample {
              let difference = value - points[at]
              square += difference * difference
              at += 1
            }
            squares[t] = square
            if square < nearest { nearest = square }
          }
        }
        let scale = -0.5 / variance
        for t in 0..<count { sum += exp(scale * (squares[t] - nearest)) }
      }
      return (-0.5 * nearest / variance + log(sum), nearest)
    }
  }
}
