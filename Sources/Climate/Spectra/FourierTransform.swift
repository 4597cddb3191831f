internal import Foundation

/// The discrete Fourier transform of real series of any length: radix 2, and Bluestein's convolution for other lengths.
enum FourierTransform {
  /// |X_k|² with X_k = Σ_t x_t e^(−2πi kt/n), for k = 0 … n/2.
  static func power(_ x: [Double]) -> [Double] {
    guard x.count > 1 else { return x.map { $0 * $0 } }
    var re = x
    var im = [Double](repeating: 0, count: x.count)
    transform(&re, &im)
    return (0...(x.count / 2)).map { re[$0] * re[$0] + im[$0] * im[$0] }
  }

  /// The transform in place, of any length.
  static func transform(_ re: inout [Double], _ im: inout [Double]) {
    precondition(re.count == im.count, "a complex series needs as many imaginary as real parts")
    if re.count & (re.count - 1) == 0 { radix2(&re, &im) } else { bluestein(&re, &im) }
  }

  /// The transform of (rows, columns) numbers in place, along both.
  static func transform(_ re: inout [Double], _ im: inout [Double], rows: Int, columns: Int) {
    precondition(re.count == rows * columns && im.count == re.count, "\(re.count) numbers are not \(rows) × \(columns)")
    func along(_ count: Int, _ place: (Int) -> Int) {
      guard count > 1 else { return }
      var x = (0..<count).map { re[place($0)] }
      var y = (0..<count).map { im[place($0)] }
      transform(&x, &y)
      for k in 0..<count { (re[place(k)], im[place(k)]) = (x[k], y[k]) }
    }
    for row in 0..<rows { along(columns) { row * columns + $0 } }
    for column in 0..<columns { along(rows) { $0 * columns + column } }
  }

  private static func radix2(_ re: inout [Double], _ im: inout [Double]) {
    let n = re.count
    guard n > 1 else { return }
    let bits = n.trailingZeroBitCount
    for i in 0..<n {
      let j = reversed(i, bits)
      if j > i {
        re.swapAt(i, j)
        im.swapAt(i, j)
      }
    }
    // Each factor from its own sine: a recurrence would lose digits over long series.
    let cosines = (0..<(n / 2)).map { cos(2 * .pi * Double($0) / Double(n)) }
    let sines = (0..<(n / 2)).map { -sin(2 * .pi * Double($0) / Double(n)) }
    re.withUnsafeMutableBufferPointer { re in
      im.withUnsafeMutableBufferPointer { im in
        var half = 1
        while half < n {
          let stride = n / (2 * half)
          for start in Swift.stride(from: 0, to: n, by: 2 * half) {
            for k in 0..<half {
              let (c, s) = (cosines[k * stride], sines[k * stride])
              let (a, b) = (start + k, start + k + half)
              let (x, y) = (re[b] * c - im[b] * s, re[b] * s + im[b] * c)
              (re[b], im[b]) = (re[a] - x, im[a] - y)
              (re[a], im[a]) = (re[a] + x, im[a] + y)
            }
          }
          half *= 2
        }
      }
    }
  }

  private static func reversed(_ value: Int, _ bits: Int) -> Int {
    var value = value
    var result = 0
    for _ in 0..<bits {
      result = result << 1 | value & 1
      value >>= 1
    }
    return result
  }

  /// kt = (k² + t² − (k − t)²)/2 makes the transform a convolution with the chirp e^(πi t²/n).
  private static func bluestein(_ re: inout [Double], _ im: inout [Double]) {
    let n = re.count
    var size = 1
    while size < 2 * n - 1 { size *= 2 }
    // t² modulo 2n keeps the angle small, and exact.
    let angles = (0..<n).map { Double.pi * Double($0 * $0 % (2 * n)) / Double(n) }
    var a = (re: [Double](repeating: 0, count: size), im: [Double](repeating: 0, count: size))
    var b = a
    for t in 0..<n {
      let (c, s) = (cos(angles[t]), sin(angles[t]))
      a.re[t] = re[t] * c + im[t] * s
      a.im[t] = im[t] * c - re[t] * s
      b.re[t] = c
      b.im[t] = s
      if t > 0 { (b.re[size - t], b.im[size - t]) = (c, s) }
    }
    radix2(&a.re, &a.im)
    radix2(&b.re, &b.im)
    for k in 0..<size {
      // The conjugate, so that a forward transform does for the inverse one.
      (a.re[k], a.im[k]) = (
        a.re[k] * b.re[k] - a.im[k] * b.im[k], -(a.re[k] * b.im[k] + a.im[k] * b.re[k])
      )
    }
    radix2(&a.re, &a.im)
    for k in 0..<n {
      let (x, y) = (a.re[k] / Double(size), -a.im[k] / Double(size))
      let (c, s) = (cos(angles[k]), sin(angles[k]))
      (re[k], im[k]) = (x * c + y * s, y * c - x * s)
    }
  }
}
