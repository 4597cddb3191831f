internal import CKernels

extension BLAS {
  /// c ← op(a) op(b), or c ← c + op(a) op(b), single precision, row-major; op is the transpose where asked for.
  ///
  /// Our own kernel for any size: it is as fast as the library where that knows the processor, and several times faster
  /// where it does not; an element's bits depend on its row and column alone.
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
    holstream_tape_product(a, transposingA ? 1 : 0, b, transposingB ? 1 : 0, c, m, k, n, accumulate ? 1 : 0)
  }
}
