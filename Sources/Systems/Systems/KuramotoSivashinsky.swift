internal import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// The Kuramoto–Sivashinsky equation on a ring, pseudo-spectral, by exponential time differencing of fourth order.
///
/// ∂u/∂t = −u ∂u/∂x − ∂²u/∂x² − ∂⁴u/∂x⁴, period `length` (ETDRK4 with contour integrals: A.-K. Kassam and L. N. Trefethen,
/// SIAM J. Sci. Comput. 26 (2005) 1214). The products are dealiased by the two-thirds rule. At length 22 the largest
/// Lyapunov exponent is about 0.048. Transforms are matrix products: meant for some hundred points, not for thousands.
public struct KuramotoSivashinsky: DynamicalSystem {
  public let length: Double
  public let points: Int
  public let dt: Double
  /// Real Fourier basis at the grid points, (points, modes): 1, cos κx, sin κx, cos 2κx, …, and its inverse.
  private let synthesis: [Double]
  private let analysis: [Double]
  private let modes: Int
  private let coefficients: Coefficients

  /// Of ETDRK4, by mode.
  private struct Coefficients: Sendable {
    var full: [Double] = []  // e^{hL}
    var half: [Double] = []  // e^{hL/2}
    var q: [Double] = []
    var f1: [Double] = []
    var f2: [Double] = []
    var f3: [Double] = []
  }

  /// - Parameters:
  ///   - length: The period.
  ///   - points: Grid points, at least 8.
  public init(length: Double = 22, points: Int = 64, dt: Double = 0.25) {
    precondition(points >= 8 && length > 0 && dt > 0, "Kuramoto–Sivashinsky needs 8 points, a length and a step")
    self.length = length
    self.points = points
    self.dt = dt
    let highest = (points - 1) / 3
    modes = 2 * highest + 1
    var synthesis = [Double](repeating: 1, count: points * modes)
    var analysis = [Double](repeating: 1 / Double(points), count: modes * points)
    for x in 0..<points {
      for k in 1...highest {
        let angle = 2 * .pi * Double(k * x % points) / Double(points)
        synthesis[x * modes + 2 * k - 1] = cos(angle)
        synthesis[x * modes + 2 * k] = sin(angle)
        analysis[(2 * k - 1) * points + x] = 2 * cos(angle) / Double(points)
        analysis[2 * k * points + x] = 2 * sin(angle) / Double(points)
      }
    }
    self.synthesis = synthesis
    self.analysis = analysis
    var c = Coefficients()
    for mode in 0..<modes {
      let k = 2 * .pi * Double((mode + 1) / 2) / length
      let hL = dt * (k * k - k * k * k * k)
      c.full.append(exp(hL))
      c.half.append(exp(hL / 2))
      // Means over a circle around hL, of which the upper half suffices: the functions are real on the axis.
      let nodes = 32
      var (q, f1, f2, f3) = (0.0, 0.0, 0.0, 0.0)
      for j in 0..<nodes {
        let angle = .pi * (Double(j) + 0.5) / Double(nodes)
        let z = Complex(hL + cos(angle), sin(angle))
        let e = z.exponential
        let cube = z * z * z
        q += (((z * 0.5).exponential - 1) / z).re
        f1 += ((z * -1 - 4 + e * (z * z - z * 3 + 4)) / cube).re
        f2 += ((z + 2 + e * (z - 2)) / cube).re
        f3 += ((z * z * -1 - z * 3 - 4 + e * (z * -1 + 4)) / cube).re
      }
      let weight = dt / Double(nodes)
      c.q.append(weight * q)
      c.f1.append(weight * f1)
      c.f2.append(weight * f2)
      c.f3.append(weight * f3)
    }
    coefficients = c
  }

  public var names: [String] { (0..<points).map { "u\($0)" } }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    var amplitudes = [Double](repeating: 0, count: modes)
    // Long waves alone; the mean, which the equation conserves, is zero.
    for mode in 1..<min(9, modes) { amplitudes[mode] = 0.5 * random.normal() }
    return values(amplitudes)
  }

  public func advance(_ state: inout [Double], steps: Int) {
    guard steps > 0 else { return }
    let c = coefficients
    var v = product(analysis, state, rows: modes)
    for _ in 0..<steps {
      let n = nonlinear(v)
      let a = v.indices.map { c.half[$0] * v[$0] + c.q[$0] * n[$0] }
      let na = nonlinear(a)
      let b = v.indices.map { c.half[$0] * v[$0] + c.q[$0] * na[$0] }
      let nb = nonlinear(b)
      let d = v.indices.map { c.half[$0] * a[$0] + c.q[$0] * (2 * nb[$0] - n[$0]) }
      let nd = nonlinear(d)
      for k in v.indices {
        v[k] = c.full[k] * v[k] + n[k] * c.f1[k] + 2 * (na[k] + nb[k]) * c.f2[k] + nd[k] * c.f3[k]
      }
    }
    state = values(v)
  }

  /// −½ ∂(u²)/∂x of a spectrum.
  private func nonlinear(_ v: [Double]) -> [Double] {
    let w = product(analysis, values(v).map { $0 * $0 }, rows: modes)
    var result = w
    result[0] = 0
    for k in 1...((modes - 1) / 2) {
      let wave = 2 * .pi * Double(k) / length
      // d/dx cos = −κ sin, d/dx sin = κ cos.
      result[2 * k - 1] = -0.5 * wave * w[2 * k]
      result[2 * k] = 0.5 * wave * w[2 * k - 1]
    }
    return result
  }

  private func values(_ amplitudes: [Double]) -> [Double] { product(synthesis, amplitudes, rows: points) }

  private func product(_ matrix: [Double], _ x: [Double], rows: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows)
    BLAS.multiply(matrix, x, into: &result, m: rows, k: x.count, n: 1)
    return result
  }
}

/// As much of the complex numbers as the contour integrals need.
private struct Complex {
  var re: Double
  var im: Double

  init(_ re: Double, _ im: Double) {
    self.re = re
    self.im = im
  }

  var exponential: Complex { Complex(exp(re) * cos(im), exp(re) * sin(im)) }

  static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }
  static func + (a: Complex, b: Double) -> Complex { Complex(a.re + b, a.im) }
  static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }
  static func - (a: Complex, b: Double) -> Complex { Complex(a.re - b, a.im) }
  static func * (a: Complex, b: Complex) -> Complex { Complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re) }
  static func * (a: Complex, b: Double) -> Complex { Complex(a.re * b, a.im * b) }
  static func / (a: Complex, b: Complex) -> Complex {
    let norm = b.re * b.re + b.im * b.im
    return Complex((a.re * b.re + a.im * b.im) / norm, (a.im * b.re - a.re * b.im) / norm)
  }
}
