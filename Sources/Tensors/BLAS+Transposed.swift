internal import COpenBLAS

extension BLAS {
  /// c ← op(a) op(b), or c ← c + op(a) op(b), single precision, row-major; op is the transpose where asked for.
  ///
  /// - Parameters:
  ///   - a: op(a) is (m, k); a itself is (k, m) where `transposingA`.
  ///   - b: op(b) is (k, n); b itself is (n, k) where `transposingB`.
  ///   - c: (m, n); must not overlap a or b.
  ///   - accumulate: Adds to c instead of replacing it.
  public static func multiply(
    _ a: UnsafePointer<Float>, transposingA: Bool = false, _ b: UnsafePointer<Float>, transposingB: Bool = false,
    into c: UnsafeMutablePointer<Float>, m: Int, k: Int, n: Int, accumulate: Bool
  ) {
    cblas_sgemm(
      CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans, transposingB ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n), Int32(k), 1, a, Int32(transposingA ? m : k), b, Int32(transposingB ? k : n), accumulate ? 1 : 0, c,
      Int32(n))
  }
}
