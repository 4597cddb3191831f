internal import COpenBLAS

/// An eigenvalue of a real matrix and its right eigenvector, real and imaginary parts apart.
public struct Eigenpair: Sendable {
  public var value: (real: Double, imaginary: Double)
  public var real: [Double]
  public var imaginary: [Double]
}

extension BLAS {
  /// All eigenpairs of a general real matrix.
  ///
  /// - Parameter columns: (n, n) column by column.
  /// - Returns: n pairs, complex ones in conjugate neighbours; nil where the iteration does not converge.
  public static func eigenpairs(columns: [Double], n: Int) -> [Eigenpair]? {
    precondition(columns.count == n * n && n > 0, "BLAS.eigenpairs: \(columns.count) numbers are no matrix of \(n)")
    prepare()
    var matrix = columns
    var (real, imaginary) = ([Double](repeating: 0, count: n), [Double](repeating: 0, count: n))
    var vectors = [Double](repeating: 0, count: n * n)
    var none = [0.0]
    var work = [Double](repeating: 0, count: 8 * n)
    var (size, one, length, info) = (Int32(n), Int32(1), Int32(8 * n), Int32(0))
    dgeev_(
      "N", "V", &size, &matrix, &size, &real, &imaginary, &none, &one, &vectors, &size, &work, &length, &info)
    guard info == 0 else { return nil }
    var pairs: [Eigenpair] = []
    var k = 0
    while k < n {
      let first = Array(vectors[(k * n)..<((k + 1) * n)])
      guard imaginary[k] != 0, k + 1 < n else {
        pairs.append(Eigenpair(value: (real[k], 0), real: first, imaginary: Array(repeating: 0, count: n)))
        k += 1
        continue
      }
      // LAPACK gives a conjugate pair as the real and the imaginary part of the first.
      let second = Array(vectors[((k + 1) * n)..<((k + 2) * n)])
      pairs.append(Eigenpair(value: (real[k], imaginary[k]), real: first, imaginary: second))
      pairs.append(Eigenpair(value: (real[k], -imaginary[k]), real: first, imaginary: second.map { -$0 }))
      k += 2
    }
    return pairs
  }
}
