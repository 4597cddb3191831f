internal import COpenBLAS
internal import Tensors

/// Eigenvalues of a real symmetric tridiagonal matrix, and the squares of their vectors' first elements.
struct TridiagonalEigen {
  /// Ascending, (n).
  let values: [Double]
  /// (n), sum 1.
  let firstSquares: [Double]

  /// - Parameters:
  ///   - diagonal: (n).
  ///   - beside: (n − 1).
  /// - Throws: `SystemError` when LAPACK does not converge.
  init(diagonal: [Double], beside: [Double]) throws(SystemError) {
    var (d, e) = (diagonal, beside + [0])
    var n = Int32(d.count)
    var vectors = [Double](repeating: 0, count: d.count * d.count)
    var work = [Double](repeating: 0, count: max(1, 2 * d.count))
    var info: Int32 = 0
    BLAS.prepare()
    dsteqr_("I", &n, &d, &e, &vectors, &n, &work, &info)
    guard info == 0 else {
      throw SystemError(.linearAlgebra, "LAPACK's dsteqr failed with \(info) on \(d.count) numbers")
    }
    values = d
    // Column-major: the first element of vector m is number m n.
    firstSquares = (0..<d.count).map { vectors[$0 * d.count] * vectors[$0 * d.count] }
  }
}
