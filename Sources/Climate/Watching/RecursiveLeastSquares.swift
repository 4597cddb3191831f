/// Linear regression that takes one row at a time: w minimises Σ λ^(n−i) (y_i − w·x_i)² + λⁿ ‖w‖²/`prior`.
///
/// Source: the recursive form of least squares with forgetting, for example S. Haykin, Adaptive Filter Theory, chapter on
/// RLS. A row costs some p² operations and allocates nothing.
public struct RecursiveLeastSquares: Codable, Sendable, Equatable {
  public let count: Int
  /// Weight of a row relative to the one after it.
  public let forgetting: Double
  private let prior: Double
  public private(set) var weights: [Double]
  /// The inverse of the sums of products, (count, count).
  private var covariance: [Double]
  /// P x, to work with.
  private var gain: [Double]

  /// - Parameters:
  ///   - count: Features, p.
  ///   - prior: Variance of the weights before any row, in units in which features and target are near 1.
  public init(count: Int, forgetting: Double = 1, prior: Double = 1e6) {
    precondition(count > 0 && forgetting > 0 && forgetting <= 1 && prior > 0, "a regression of \(count) features")
    self.count = count
    self.forgetting = forgetting
    self.prior = prior
    weights = Array(repeating: 0, count: count)
    covariance = Array(repeating: 0, count: count * count)
    gain = Array(repeating: 0, count: count)
    for k in 0..<count { covariance[k * count + k] = prior }
  }

  /// Whether it can be worked with, wherever it was read.
  func isSound(features: Int, forgetting: Double) -> Bool {
    count == features && self.forgetting == forgetting && prior > 0 && prior.isFinite && weights.count == count
      && gain.count == count && covariance.count == count * count
  }

  /// w·x.
  public func prediction(_ x: [Double]) -> Double {
    var sum = 0.0
    for k in 0..<count { sum += weights[k] * x[k] }
    return sum
  }

  /// Learns one row; one with a number that is not finite is left out.
  public mutating func learn(_ x: [Double], _ y: Double) {
    let n = count
    let error = y - prediction(x)
    guard error.isFinite else { return }
    var norm = forgetting
    covariance.withUnsafeMutableBufferPointer { p in
      gain.withUnsafeMutableBufferPointer { g in
        for i in 0..<n {
          var sum = 0.0
          for j in 0..<n { sum += p[i * n + j] * x[j] }
          g[i] = sum
        }
        for i in 0..<n { norm += x[i] * g[i] }
        guard norm.isFinite, norm > 0 else { return }
        for i in 0..<n {
          let share = g[i] / norm
          for j in 0...i {
            let value = (p[i * n + j] - share * g[j]) / forgetting
            p[i * n + j] = value
            p[j * n + i] = value
          }
        }
      }
    }
    guard norm.isFinite, norm > 0 else { return begin() }
    for i in 0..<n { weights[i] += gain[i] / norm * error }
    // Directions that no row excites grow with forgetting; before that hurts, the past counts as a prior.
    if (0..<n).contains(where: { !(covariance[$0 * n + $0] < 1e3 * prior) }) { loosen() }
  }

  /// Forgets how sure it is, and keeps the weights: what follows is learnt quickly.
  public mutating func loosen() {
    for k in covariance.indices { covariance[k] = k % (count + 1) == 0 ? prior : 0 }
  }

  /// Forgets everything.
  private mutating func begin() {
    weights = Array(repeating: 0, count: count)
    loosen()
  }
}
