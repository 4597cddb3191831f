internal import COpenBLAS

extension BLAS {
  /// Solves (a + ridge · I) x = b for symmetric positive semidefinite a by Cholesky factorisation.
  ///
  /// - Parameters:
  ///   - a: (n, n) row-major; the upper triangle is not read.
  ///   - b: (columns, n): one right-hand side after the other.
  ///   - ridge: Added to the diagonal, at least 0.
  /// - Returns: (columns, n), or nil when the matrix is not positive definite to rounding.
  public static func solveSymmetric(_ a: [Double], _ b: [Double], n: Int, ridge: Double = 0) -> [Double]? {
    precondition(a.count == n * n && b.count % max(n, 1) == 0, "BLAS.solveSymmetric: shapes do not fit n = \(n)")
    var matrix = a
    for k in 0..<n { matrix[k * n + k] += ridge }
    var solution = b
    var size = Int32(n)
    var columns = Int32(b.count / max(n, 1))
    var info: Int32 = 0
    // LAPACK counts columns first, so that the row-major lower triangle is its upper one.
    prepare()
    dposv_("U", &size, &columns, &matrix, &size, &solution, &size, &info)
    return info == 0 ? solution : nil
  }
}
