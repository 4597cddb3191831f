import Testing

@testable import Tensors

struct ProductTests {
  @Test(
    "Products of any size, transposed or not, are the sums written out, and touch nothing beyond",
    arguments: [
      (1, 1, 1), (3, 2, 5), (4, 7, 16), (9, 13, 17), (8, 128, 3), (37, 3, 32), (5, 300, 33), (33, 257, 48),
      (64, 20, 50),
      (2, 600, 500), (49, 200, 100), (200, 50, 97), (260, 270, 130),
    ])
  func product(m: Int, k: Int, n: Int) {
    var random = CounterRandom(seed: 1, purpose: .evaluation)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform() - 0.5) } }
    let (a, b, start) = (numbers(m * k), numbers(k * n), numbers(m * n + 40))
    for (transposingA, transposingB, accumulate) in [
      (false, false, false), (false, false, true), (true, false, true), (false, true, false), (true, true, true),
    ] {
      var c = start
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          c.withUnsafeMutableBufferPointer { c in
            BLAS.multiply(
              a.baseAddress!, transposingA: transposingA, b.baseAddress!, transposingB: transposingB,
              into: c.baseAddress! + 20, m: m, k: k, n: n, accumulate: accumulate)
          }
        }
      }
      #expect(c.prefix(20) == start.prefix(20) && c.suffix(20) == start.suffix(20))
      var largest = 0.0
      for i in 0..<m {
        for j in 0..<n {
          var sum = accumulate ? Double(start[20 + i * n + j]) : 0
          for p in 0..<k {
            sum += Double(a[transposingA ? p * m + i : i * k + p]) * Double(b[transposingB ? j * k + p : p * n + j])
          }
          largest = max(largest, abs(Double(c[20 + i * n + j]) - sum))
        }
      }
      #expect(largest < 2e-7 * Double(k).squareRoot() * 4, "\(largest)")
    }
  }
}
