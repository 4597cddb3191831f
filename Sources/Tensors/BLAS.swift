internal import COpenBLAS

/// Settings of the linear-algebra library that the whole program shares, and its two products.
public enum BLAS {
  private static let oneThread: Void = openblas_set_num_threads(1)

  /// Every use of the library comes after this: a call has one thread unless `setThreads` says otherwise.
  ///
  /// Sums change with the number of threads, and a machine may have any number of cores; with one the stages of a
  /// pipeline share the cores among themselves.
  public static func prepare() { oneThread }

  /// Sets the number of threads that one call may use, for measurements of the machine's peak.
  public static func setThreads(_ count: Int) {
    prepare()
    openblas_set_num_threads(Int32(count))
  }

  /// c ← a b for row-major a (m, k), b (k, n), c (m, n), single precision.
  public static func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, m: Int, k: Int, n: Int
  ) {
    prepare()
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(k), b, Int32(n), 0, c,
      Int32(n))
  }

  /// c ← a b for row-major a (m, k), b (k, n), c (m, n), double precision.
  public static func multiply(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, into c: UnsafeMutablePointer<Double>, m: Int, k: Int, n: Int
  ) {
    prepare()
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(k), b, Int32(n), 0, c,
      Int32(n))
  }
}
