#if canImport(Glibc)
  import Glibc
#endif

/// Coefficients of exponential time differencing of fourth order, by mode of a Fourier basis.
///
/// Of the linear part k² − k⁴; by contour integrals, which keep their digits where the formulas cancel (A.-K. Kassam and
/// L. N. Trefethen, SIAM J. Sci. Comput. 26 (2005) 1214).
struct ExponentialDifferencing: Sendable {
  /// k² − k⁴.
  var linear: [Double] = []
  // e^{hL}, e^{hL/2} and the weights of the four stages.
  var full: [Double] = []
  var half: [Double] = []
  var q: [Double] = []
  var f1: [Double] = []
  var f2: [Double] = []
  var f3: [Double] = []

  init(modes: Int, length: Double, dt: Double) {
    for mode in 0..<modes {
      let k = 2 * .pi * Double((mode + 1) / 2) / length
      linear.append(k * k - k * k * k * k)
      let hL = dt * (k * k - k * k * k * k)
      full.append(exp(hL))
      half.append(exp(hL / 2))
      // Means over a circle around hL, of which the upper half suffices: the functions are real on the axis.
      let nodes = 32
      var sums = SIMD4<Double>.zero
      for j in 0..<nodes {
        let angle = .pi * (Double(j) + 0.5) / Double(nodes)
        let z = ContourNumber(hL + cos(angle), sin(angle))
        let e = z.exponential
        let cube = z * z * z
        sums[0] += (((z * 0.5).exponential - 1) / z).re
        sums[1] += ((z * -1 - 4 + e * (z * z - z * 3 + 4)) / cube).re
        sums[2] += ((z + 2 + e * (z - 2)) / cube).re
        sums[3] += ((z * z * -1 - z * 3 - 4 + e * (z * -1 + 4)) / cube).re
      }
      let weight = dt / Double(nodes)
      q.append(weight * sums[0])
      f1.append(weight * sums[1])
      f2.append(weight * sums[2])
      f3.append(weight * sums[3])
    }
  }
}
