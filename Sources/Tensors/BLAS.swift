public import COpenBLAS

/// Settings of the linear-algebra library that the whole program shares.
public enum BLAS {
  /// Sets the number of threads that one call may use.
  ///
  /// Sums change with the number of threads, so it is fixed once at the start; 1 lets the stages of a pipeline share
  /// the cores among themselves.
  public static func setThreads(_ count: Int) {
    openblas_set_num_threads(Int32(count))
  }
}
