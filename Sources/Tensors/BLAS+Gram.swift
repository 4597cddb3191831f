internal import CKernels
internal import COpenBLAS

extension BLAS {
  /// Columns up to which the sum is our own: the library packs its operands first, which does not pay for few.
  private static let fewColumns = 128

  /// g ← g + xᵀ x in the lower triangle, double precision; the upper one holds no numbers of use.
  ///
  /// - Parameters:
  ///   - x: (rows, columns) row-major.
  ///   - g: (columns, columns) row-major.
  public static func addGram(_ x: UnsafePointer<Double>, rows: Int, columns: Int, into g: inout [Double]) {
    precondition(g.count == columns * columns, "BLAS.addGram: \(g.count) numbers are no matrix of \(columns)")
    if columns <= fewColumns {
      holstream_gram(x, rows, columns, &g)
      return
    }
    prepare()
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, Int32(columns), Int32(rows), 1, x, Int32(columns), 1, &g, Int32(columns))
  }

  /// c ← c + aᵀ b, double precision, row-major.
  ///
  /// - Parameters:
  ///   - a: (rows, m).
  ///   - b: (rows, n).
  ///   - c: (m, n).
  public static func addProduct(
    transposed a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, rows: Int, m: Int, n: Int, into c: inout [Double]
  ) {
    precondition(c.count == m * n, "BLAS.addProduct: \(c.count) numbers are no matrix of (\(m), \(n))")
    prepare()
    cblas_dgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, Int32(m), Int32(n), Int32(rows), 1, a, Int32(m), b, Int32(n), 1, &c,
      Int32(n))
  }
}
