#if canImport(Glibc)
  import Glibc
#endif

/// As much of the complex numbers as the contour integrals need.
struct ContourNumber {
  var re: Double
  var im: Double

  init(_ re: Double, _ im: Double) {
    self.re = re
    self.im = im
  }

  var exponential: ContourNumber { ContourNumber(exp(re) * cos(im), exp(re) * sin(im)) }

  static func + (a: ContourNumber, b: ContourNumber) -> ContourNumber { ContourNumber(a.re + b.re, a.im + b.im) }
  static func + (a: ContourNumber, b: Double) -> ContourNumber { ContourNumber(a.re + b, a.im) }
  static func - (a: ContourNumber, b: ContourNumber) -> ContourNumber { ContourNumber(a.re - b.re, a.im - b.im) }
  static func - (a: ContourNumber, b: Double) -> ContourNumber { ContourNumber(a.re - b, a.im) }
  static func * (a: ContourNumber, b: ContourNumber) -> ContourNumber {
    ContourNumber(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }
  static func * (a: ContourNumber, b: Double) -> ContourNumber { ContourNumber(a.re * b, a.im * b) }
  static func / (a: ContourNumber, b: ContourNumber) -> ContourNumber {
    let norm = b.re * b.re + b.im * b.im
    return ContourNumber((a.re * b.re + a.im * b.im) / norm, (a.im * b.re - a.re * b.im) / norm)
  }
}
