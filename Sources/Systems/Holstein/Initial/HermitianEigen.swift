internal import COpenBLAS
internal import Tensors

/// Eigenvalues and eigenvectors of a complex Hermitian matrix.
struct HermitianEigen {
  /// In ascending order, (n).
  let values: [Double]
  private let vectors: [Double]
  private let size: Int

  /// - Parameter matrix: (n, n, 2), row-major, real and imaginary parts interleaved.
  /// - Throws: `SystemError` when LAPACK does not converge.
  init(_ matrix: [Double], size n: Int) throws(SystemError) {
    guard matrix.allSatisfy(\.isFinite) else {
      throw SystemError(.invalidState, "ρ has a value that is not finite, and so no orbitals")
    }
    size = n
    var a = matrix
    var w = [Double](repeating: 0, count: n)
    var info: Int32 = 0
    var order = Int32(n)
    var work = [Double](repeating: 0, count: 2 * (2 * n + n * n))
    var lwork = Int32(2 * n + n * n)
    var rwork = [Double](repeating: 0, count: 1 + 5 * n + 2 * n * n)
    var lrwork = Int32(rwork.count)
    var iwork = [Int32](repeating: 0, count: 3 + 5 * n)
    var liwork = Int32(iwork.count)
    BLAS.prepare()
    zheevd_("V", "U", &order, &a, &order, &w, &work, &lwork, &rwork, &lrwork, &iwork, &liwork, &info)
    guard info == 0 else {
      throw SystemError(.linearAlgebra, "LAPACK's zheevd failed with \(info) on a \(n) × \(n) matrix")
    }
    values = w
    vectors = a
  }

  /// Element a of the eigenvector of value m.
  ///
  /// LAPACK read the row-major matrix as its transpose, which is its conjugate: so are the vectors.
  func element(_ m: Int, _ a: Int) -> (Double, Double) {
    (vectors[2 * (m * size + a)], -vectors[2 * (m * size + a) + 1])
  }
}
