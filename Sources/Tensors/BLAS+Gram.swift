internal import COpenBLAS

extension BLAS {
  /// g ← g + xᵀ x in the lower triangle, double precision; the upper one is not touched.
  ///
  /// - Parameters:
  ///   - x: (rows, columns) row-major, or more rows, of which the first count.
  ///   - g: (columns, columns) row-major.
  public static func addGram(_ x: [Double], rows: Int, columns: Int, into g: inout [Double]) {
    precondition(x.count >= rows * columns && g.count == columns * columns, "BLAS.addGram: shapes do not fit")
    prepare()
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, Int32(columns), Int32(rows), 1, x, Int32(columns), 1, &g, Int32(columns))
  }

  /// c ← c + aᵀ b, double precision, row-major.
  ///
  /// - Parameters:
  ///   - a: (rows, m), or more rows, of which the first count.
  ///   - b: (rows, n), likewise.
  ///   - c: (m, n).
  public static func addProduct(
    transposed a: [Double], _ b: [Double], rows: Int, m: Int, n: Int, into c: inout [Double]
  ) {
    precondition(a.count >= rows * m && b.count >= rows * n && c.count == m * n, "BLAS.addProduct: shapes do not fit")
    prepare()
    cblas_dgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, Int32(m), Int32(n), Int32(rows), 1, a, Int32(m), b, Int32(n), 1, &c,
      Int32(n))
  }
}
