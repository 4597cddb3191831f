internal import Tensors

/// Least squares of several targets from the same features, as sums over samples: one pass, and the memory of a few rows.
struct NormalEquations: Sendable {
  let features: Int
  let targets: Int
  /// (features, features) and (targets, features).
  private var matrix: [Double]
  private var moments: [Double]
  /// Rows that wait to be added together.
  private var x: [Double] = []
  private var y: [Double] = []

  private static let rows = 512

  init(features: Int, targets: Int) {
    self.features = features
    self.targets = targets
    matrix = Array(repeating: 0, count: features * features)
    moments = Array(repeating: 0, count: targets * features)
  }

  /// Adds a sample.
  mutating func add(_ features: some Sequence<Float>, _ targets: some Sequence<Float>) {
    x += features.lazy.map(Double.init)
    y += targets.lazy.map(Double.init)
    if x.count >= Self.rows * self.features { flush() }
  }

  private mutating func flush() {
    let n = x.count / features
    guard n > 0 else { return }
    func transposed(_ rows: [Double], _ columns: Int) -> [Double] {
      Array(unsafeUninitializedCapacity: rows.count) { result, count in
        for row in 0..<n {
          for column in 0..<columns { result[column * n + row] = rows[row * columns + column] }
        }
        count = rows.count
      }
    }
    var product = [Double](repeating: 0, count: matrix.count)
    BLAS.multiply(transposed(x, features), x, into: &product, m: features, k: n, n: features)
    for k in matrix.indices { matrix[k] += product[k] }
    var more = [Double](repeating: 0, count: moments.count)
    BLAS.multiply(transposed(y, targets), x, into: &more, m: targets, k: n, n: features)
    for k in moments.indices { moments[k] += more[k] }
    x.removeAll(keepingCapacity: true)
    y.removeAll(keepingCapacity: true)
  }

  /// (targets, features) weights; the ridge is relative to the mean square of the features.
  /// - Throws: `LearningError` of code `invalidData` when there are too few different samples.
  mutating func solve(ridge: Double) throws -> [Float] {
    flush()
    let trace = (0..<features).reduce(0) { $0 + matrix[$1 * features + $1] }
    guard trace > 0, let x = BLAS.solveSymmetric(matrix, moments, n: features, ridge: ridge * trace / Double(features))
    else {
      throw LearningError(.invalidData, "the least-squares fit has too few different samples; give it more windows")
    }
    return x.map { Float($0) }
  }
}
