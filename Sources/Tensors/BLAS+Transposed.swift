internal import CKernels
internal import COpenBLAS

extension BLAS {
  /// Numbers of op(b) up to which the product is our own: the library packs both matrices first, which does not pay for
  /// small ones, and where it does not know the processor it takes code of 2004.
  private static let smallProduct = 1 << 18

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
    if k * n <= smallProduct {
      holstream_tape_product(a, transposingA ? 1 : 0, b, transposingB ? 1 : 0, c, m, k, n, accumulate ? 1 : 0)
      return
    }
    prepare()
    cblas_sgemm(
      CblasRowMajor, transposingA ? CblasTrans : CblasNoTrans, transposingB ? CblasTrans : CblasNoTrans, Int32(m),
      Int32(n), Int32(k), 1, a, Int32(transposingA ? m : k), b, Int32(transposingB ? k : n), accumulate ? 1 : 0, c,
      Int32(n))
  }
}
