internal import COpenBLAS
internal import Tensors

/// Eigenvalues and eigenvectors of a real symmetric matrix.
struct SymmetricEigen {
  /// In ascending order, (n).
  let values: [Double]
  /// Row m is the eigenvector of value m, (n, n).
  let vectors: [Double]

  /// - Parameter matrix: (n, n), row-major.
  /// - Throws: `SystemError` when LAPACK does not converge.
  init(_ matrix: [Double], size n: Int) throws(SystemError) {
    var a = matrix
    var w = [Double](repeating: 0, count: n)
    var info: Int32 = 0
    var order = Int32(n)
    var work = [Double](repeating: 0, count: 1 + 6 * n + 2 * n * n)
    var lwork = Int32(work.count)
    var iwork = [Int32](repeating: 0, count: 3 + 5 * n)
    var liwork = Int32(iwork.count)
    BLAS.prepare()
    dsyevd_("V", "U", &order, &a, &order, &w, &work, &lwork, &iwork, &liwork, &info)
    guard info == 0 else {
      throw SystemError(.linearAlgebra, "LAPACK's dsyevd failed with \(info) on a \(n) × \(n) matrix")
    }
    values = w
    vectors = a  // Column-major columns are row-major rows.
  }
}
