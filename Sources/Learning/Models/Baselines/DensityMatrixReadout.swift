internal import CKernels
internal import Tensors

/// Least squares from features of one site pair (i, j) to the change of its ρ, and on the diagonal of its Q and P.
///
/// The diagonal i = j, where Q and P live, has weights of its own. The sums of both systems add up over any data, so
/// that a fit needs one pass and the memory of one frame.
struct DensityMatrixReadout: Sendable {
  /// Features of a site pair, without the constant.
  let features: Int
  private var diagonal: NormalEquations
  private var offDiagonal: NormalEquations

  /// Sums of products of features and targets: those of weighted least squares with four targets.
  private struct NormalEquations: Sendable {
    let count: Int
    var matrix: [Double]
    /// (4, count).
    var targets: [Double]

    init(count: Int) {
      self.count = count
      matrix = Array(repeating: 0, count: count * count)
      targets = Array(repeating: 0, count: 4 * count)
    }

    /// Adds samples: `x` (count, n) and its transpose, `y` (4, n).
    mutating func add(_ x: [Double], transposed: [Double], _ y: [Double], n: Int) {
      guard n > 0 else { return }
      var product = [Double](repeating: 0, count: count * count)
      BLAS.multiply(x, transposed, into: &product, m: count, k: n, n: count)
      for k in matrix.indices { matrix[k] += product[k] }
      var moments = [Double](repeating: 0, count: 4 * count)
      BLAS.multiply(y, transposed, into: &moments, m: 4, k: n, n: count)
      for k in targets.indices { targets[k] += moments[k] }
    }

    /// (4, count) weights; the ridge is relative to the mean square of the features.
    func weights(ridge: Double) throws -> [Float] {
      let trace = (0..<count).reduce(0) { $0 + matrix[$1 * count + $1] }
      guard trace > 0, let x = BLAS.solveSymmetric(matrix, targets, n: count, ridge: ridge * trace / Double(count))
      else {
        throw LearningError(.invalidData, "the least-squares fit has too few different samples; give it more windows")
      }
      return x.map { Float($0) }
    }
  }

  init(features: Int) {
    self.features = features
    diagonal = NormalEquations(count: features + 1)
    offDiagonal = NormalEquations(count: features + 1)
  }

  /// Adds one frame.
  ///
  /// - Parameters:
  ///   - planes: (features) planes of the frame's features.
  ///   - change: (2L² + 2L) what is to be predicted, in units of `scale` (ρ, Q, P).
  mutating func add(_ planes: UnsafePointer<Float>, geometry: Planes, change: [Float], scale: [Float]) {
    let sites = geometry.sites
    for isDiagonal in [true, false] {
      let pairs = (0..<sites).flatMap { i in (0..<sites).compactMap { j in (i == j) == isDiagonal ? (i, j) : nil } }
      let n = pairs.count
      var x = [Double](repeating: 1, count: (features + 1) * n)
      var transposed = x
      var y = [Double](repeating: 0, count: 4 * n)
      for (index, (i, j)) in pairs.enumerated() {
        let site = (i + 1) * (sites + 2) + j + 1
        for f in 0..<features {
          let value = Double(planes[f * geometry.stride + site])
          x[f * n + index] = value
          transposed[index * (features + 1) + f] = value
        }
        y[index] = Double(change[2 * (i * sites + j)] / scale[0])
        y[n + index] = Double(change[2 * (i * sites + j) + 1] / scale[0])
        if isDiagonal {
          y[2 * n + index] = Double(change[2 * sites * sites + i] / scale[1])
          y[3 * n + index] = Double(change[2 * sites * sites + sites + i] / scale[2])
        }
      }
      if isDiagonal {
        diagonal.add(x, transposed: transposed, y, n: n)
      } else {
        offDiagonal.add(x, transposed: transposed, y, n: n)
      }
    }
  }

  /// (4, features + 1) weights on the diagonal and off it; the last of each row is the constant.
  func solve(ridge: Double) throws -> (diagonal: [Float], offDiagonal: [Float]) {
    (try diagonal.weights(ridge: ridge), try offDiagonal.weights(ridge: ridge))
  }

  /// state += scale · (weights · features + constant), for every site pair.
  static func advance(
    _ state: UnsafeMutablePointer<Float>, features planes: UnsafePointer<Float>, count: Int, geometry: Planes,
    diagonal: UnsafePointer<Float>, offDiagonal: UnsafePointer<Float>, scale: UnsafePointer<Float>
  ) {
    let sites = geometry.sites
    func change(_ weights: UnsafePointer<Float>, _ target: Int, _ site: Int) -> Float {
      let row = weights + target * (count + 1)
      var sum = row[count]
      for f in 0..<count { sum += row[f] * planes[f * geometry.stride + site] }
      return sum
    }
    for i in 0..<sites {
      for j in 0..<sites {
        let site = (i + 1) * (sites + 2) + j + 1
        let weights = i == j ? diagonal : offDiagonal
        state[2 * (i * sites + j)] += scale[0] * change(weights, 0, site)
        state[2 * (i * sites + j) + 1] += scale[0] * change(weights, 1, site)
      }
      let site = (i + 1) * (sites + 2) + i + 1
      state[2 * sites * sites + i] += scale[1] * change(diagonal, 2, site)
      state[2 * sites * sites + sites + i] += scale[2] * change(diagonal, 3, site)
    }
  }
}
