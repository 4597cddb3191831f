/// Linear regression whose data are forgotten as soon as they are counted: weighted sums of products, and weights by one
/// Cholesky factorisation.
///
/// With prior precision `ridge` on each weight the posterior's covariance is (Σ w x xᵀ + ridge)⁻¹ in units of the noise, so
/// that a prediction at x has the variance of the noise times 1 + xᵀ (…)⁻¹ x: the second term is its `leverage`.
struct StreamingRidge: Sendable, Equatable {
  let size: Int
  let ridge: Double
  /// (size, size), the lower triangle.
  private var products: [Double]
  private var targets: [Double]
  private var mass = 0.0
  /// Of the last `train`, (size): what `predict` uses.
  private(set) var weights: [Double]
  /// L of the last `train`, (size, size), with its diagonal inverted.
  private var factor: [Double]

  init(size: Int, ridge: Double) {
    self.size = size
    self.ridge = ridge
    products = [Double](repeating: 0, count: size * size)
    targets = [Double](repeating: 0, count: size)
    weights = targets
    factor = products
  }

  /// Counts y at x.
  /// - Parameter x: (size).
  mutating func add(_ x: UnsafePointer<Double>, _ y: Double, weight: Double) {
    mass += weight
    for i in 0..<size {
      let w = weight * x[i]
      targets[i] += w * y
      for j in 0...i { products[i * size + j] += w * x[j] }
    }
  }

  /// What was counted so far counts less from now on.
  mutating func forget(_ factor: Double) {
    mass *= factor
    for k in products.indices { products[k] *= factor }
    for k in targets.indices { targets[k] *= factor }
  }

  /// New weights from all that was counted; they stay as they are where rounding left no positive definite matrix.
  mutating func train() {
    var l = products
    for i in 0..<size { l[i * size + i] += ridge }
    for i in 0..<size {
      for j in 0...i {
        var sum = l[i * size + j]
        for k in 0..<j { sum -= l[i * size + k] * l[j * size + k] }
        if i == j {
          guard sum > 0 else { return }
          l[i * size + i] = sum.squareRoot()
        } else {
          l[i * size + j] = sum / l[j * size + j]
        }
      }
    }
    var w = targets
    for i in 0..<size {
      for k in 0..<i { w[i] -= l[i * size + k] * w[k] }
      w[i] /= l[i * size + i]
    }
    for i in (0..<size).reversed() {
      for k in (i + 1)..<max(size, i + 1) { w[i] -= l[k * size + i] * w[k] }
      w[i] /= l[i * size + i]
    }
    for i in 0..<size { l[i * size + i] = 1 / l[i * size + i] }
    (weights, factor) = (w, l)
  }

  /// w·x.
  @inline(__always)
  func predict(_ x: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for k in 0..<size { sum += weights[k] * x[k] }
    return sum
  }

  /// xᵀ (Σ w x xᵀ + ridge)⁻¹ x = |L⁻¹ x|².
  @inline(__always)
  func leverage(_ x: UnsafePointer<Double>, _ workspace: UnsafeMutablePointer<Double>) -> Double {
    var total = 0.0
    factor.withUnsafeBufferPointer { factor in
      for i in 0..<size {
        var sum = x[i]
        for k in 0..<i { sum -= factor[i * size + k] * workspace[k] }
        workspace[i] = sum * factor[i * size + i]
        total += workspace[i] * workspace[i]
      }
    }
    return total
  }
}
