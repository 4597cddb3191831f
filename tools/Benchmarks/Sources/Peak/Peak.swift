import Tensors

/// What this machine can do at best, measured now: the yardstick beside every other figure.
public enum Peak {
  /// The best of several timings of `body`, in seconds: noise only ever adds.
  public static func seconds(repeats: Int = 5, _ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    return (0..<repeats).map { _ in clock.measure(body) / .seconds(1) }.min() ?? .nan
  }

  /// Double-precision matrix product of 1024 × 1024, in units of 10⁹ floating-point operations a second.
  public static func dgemm(threads: Int) -> Double {
    product(threads: threads, zero: 0.5) { a, b, c, n in BLAS.multiply(a, b, into: c, m: n, k: n, n: n) }
  }

  /// Single-precision matrix product of 1024 × 1024, in units of 10⁹ floating-point operations a second.
  public static func sgemm(threads: Int) -> Double {
    product(threads: threads, zero: Float(0.5)) { a, b, c, n in BLAS.multiply(a, b, into: c, m: n, k: n, n: n) }
  }

  /// The same by our own kernel, which the tape uses.
  public static func ownProduct() -> Double {
    product(threads: 1, zero: Float(0.5)) { a, b, c, n in
      BLAS.multiply(a, b, into: c, m: n, k: n, n: n, accumulate: false)
    }
  }

  /// Copying 256 MiB, in 10⁹ bytes a second (counted once, not read plus write).
  public static func memcpy() -> Double {
    let bytes = 256 << 20
    let source = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    let target = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    defer {
      source.deallocate()
      target.deallocate()
    }
    source.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
    target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    return Double(bytes) / seconds { target.copyMemory(from: source, byteCount: bytes) } / 1e9
  }

  private static func product<Scalar>(
    threads: Int, zero: Scalar,
    _ multiply: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, Int) -> Void
  ) -> Double {
    let n = 1024
    let a = [Scalar](repeating: zero, count: n * n)
    var c = a
    BLAS.setThreads(threads)
    let time = c.withUnsafeMutableBufferPointer { c in
      a.withUnsafeBufferPointer { a in
        seconds { multiply(a.baseAddress!, a.baseAddress!, c.baseAddress!, n) }
      }
    }
    return 2 * Double(n * n * n) / time / 1e9
  }
}
