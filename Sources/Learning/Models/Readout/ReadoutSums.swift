internal import Foundation
internal import Tensors

/// Sums of products of features and changes over all frames that went by: all that least squares need.
///
/// G = Σ o oᵀ, A = Σ Δu oᵀ and Σ Δu², by kind of place, each frame weighed by `forgetting` to the power of its age. Sums
/// of different data add up.
struct ReadoutSums: Sendable, Equatable {
  /// Of one kind of place.
  struct Part: Sendable, Equatable {
    let features: Int
    let targets: Int
    /// (features, features).
    var gram: [Double]
    /// (targets, features).
    var moments: [Double]
    /// (targets) sums of the squared changes.
    var squares: [Double]

    init(features: Int, targets: Int) {
      self.features = features
      self.targets = targets
      gram = Array(repeating: 0, count: features * features)
      moments = Array(repeating: 0, count: targets * features)
      squares = Array(repeating: 0, count: targets)
    }

    /// Adds rows; `complete` is due after the last ones.
    /// - Parameters: `x` (n, features), `y` (n, targets).
    mutating func add(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, rows n: Int) {
      guard n > 0 else { return }
      BLAS.addGram(x, rows: n, columns: features, into: &gram)
      BLAS.addProduct(transposed: y, x, rows: n, m: targets, n: features, into: &moments)
      for row in 0..<n { for t in 0..<targets { squares[t] += y[row * targets + t] * y[row * targets + t] } }
    }

    /// Makes the upper triangle of the products that of the lower one.
    mutating func complete() {
      for i in 0..<features { for j in 0..<i { gram[j * features + i] = gram[i * features + j] } }
    }

    mutating func scale(by factor: Double) {
      for k in gram.indices { gram[k] *= factor }
      for k in moments.indices { moments[k] *= factor }
      for k in squares.indices { squares[k] *= factor }
    }

    mutating func add(_ other: Part) {
      for k in gram.indices { gram[k] += other.gram[k] }
      for k in moments.indices { moments[k] += other.moments[k] }
      for k in squares.indices { squares[k] += other.squares[k] }
    }

    /// (targets, support) weights that minimise ‖Δu − W o‖² + α ‖W‖² with the features of the support alone.
    ///
    /// Where α is too small for the matrix to be positive definite to rounding, it is raised by tens from 10⁻¹⁶ of the
    /// mean square until it is. Nil when the sums are not finite.
    func solve(_ support: [Int], ridge: Double) -> [Double]? {
      let n = support.count
      var matrix = [Double](repeating: 0, count: n * n)
      for i in 0..<n { for j in 0...i { matrix[i * n + j] = gram[support[i] * features + support[j]] } }
      let mean = (0..<n).reduce(0) { $0 + matrix[$1 * n + $1] } / Double(n)
      var right = [Double](repeating: 0, count: targets * n)
      for t in 0..<targets { for i in 0..<n { right[t * n + i] = moments[t * features + support[i]] } }
      guard mean.isFinite, right.allSatisfy(\.isFinite) else { return nil }
      var ridge = ridge
      for _ in 0..<20 {
        if let found = BLAS.solveSymmetric(matrix, right, n: n, ridge: ridge), found.allSatisfy(\.isFinite) {
          return found
        }
        ridge = max(10 * ridge, 1e-16 * mean)
      }
      return nil
    }
  }

  var parts: [Part]
  /// Σ of the frames' weights, and frames.
  var weight = 0.0
  var transitions = 0

  init(_ shape: ReadoutShape) {
    parts = shape.surroundings.kinds.map { Part(features: shape.features, targets: $0.targets.count) }
  }

  /// Takes in newer sums, before which the earlier ones fade.
  mutating func add(_ newer: ReadoutSums, forgetting: Double) {
    if forgetting < 1 {
      let factor = pow(forgetting, Double(newer.transitions))
      for k in parts.indices { parts[k].scale(by: factor) }
      weight *= factor
    }
    for k in parts.indices { parts[k].add(newer.parts[k]) }
    weight += newer.weight
    transitions += newer.transitions
  }

  /// By kind and level (targets, support); nil when the sums are not finite.
  func readouts(_ shape: ReadoutShape) -> [[[Double]]]? {
    var all: [[[Double]]] = []
    for part in parts {
      var levels: [[Double]] = []
      for support in shape.supports {
        guard let weights = part.solve(support, ridge: shape.ridge) else { return nil }
        levels.append(weights)
      }
      all.append(levels)
    }
    return all
  }

  // MARK: As one vector

  /// What checkpoints keep, in order: the sums of each kind, the readout that the loss is told with, and counts.
  static func layout(_ shape: ReadoutShape) -> ParameterLayout {
    var layout = ParameterLayout()
    for kind in shape.surroundings.kinds {
      let prefix = kind.name.isEmpty ? "" : kind.name + "."
      let (f, t) = (shape.features, kind.targets.count)
      layout.add("sums.\(prefix)gram", shape: [f, f])
      layout.add("sums.\(prefix)moments", shape: [t, f])
      layout.add("sums.\(prefix)squares", shape: [t])
      layout.add("sums.\(prefix)reported", shape: [t, f])
    }
    layout.add(counts, shape: [3])
    return layout
  }

  /// The weight of all frames, their number, and that at the last look.
  static let counts = "sums.counts"

  /// - Parameters:
  ///   - reported: By kind (targets, features).
  ///   - solvedAt: Frames after which that was solved.
  func vector(reported: [[Double]], solvedAt: Int) -> [Double] {
    var values: [Double] = []
    for (part, reported) in zip(parts, reported) { values += part.gram + part.moments + part.squares + reported }
    return values + [weight, Double(transitions), Double(solvedAt)]
  }

  /// Reads such a vector of the same shape back.
  mutating func read(_ values: [Double]) -> (reported: [[Double]], solvedAt: Int) {
    var at = 0
    func take(_ count: Int) -> [Double] {
      defer { at += count }
      return Array(values[at..<(at + count)])
    }
    var reported: [[Double]] = []
    for k in parts.indices {
      parts[k].gram = take(parts[k].gram.count)
      parts[k].moments = take(parts[k].moments.count)
      parts[k].squares = take(parts[k].squares.count)
      reported.append(take(parts[k].moments.count))
    }
    let counts = take(3)
    weight = counts[0]
    // Bounded where the file was read.
    transitions = Int(counts[1])
    return (reported, Int(counts[2]))
  }
}
