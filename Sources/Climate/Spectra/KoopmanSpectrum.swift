internal import Foundation
internal import Tensors

/// Eigenvalues of the Koopman operator over one frame, from polynomials of the observables, each with its residual.
///
/// With ψ all products of up to `order` of the standardised observables, G = ⟨ψ ψᵀ⟩, A = ⟨ψ ψ'ᵀ⟩ and L = ⟨ψ' ψ'ᵀ⟩ over pairs
/// of a frame and the next, the eigenpairs of G⁻¹A are those of extended dynamic mode decomposition; the residual of (λ, g),
/// √(gᴴ (L − λ Aᵀ − λ̄ A + |λ|² G) g / gᴴ G g), says how far g is from an eigenfunction: 0 is one, and what is near to 1 is
/// made by the choice of ψ. Says modes and how long they are coherent; it is no forecast of chaos.
///
/// Source: Williams, Kevrekidis and Rowley, J. Nonlinear Sci. 25, 1307 (2015); Colbrook and Townsend, Comm. Pure Appl. Math.
/// 77, 221 (2024).
public struct KoopmanSpectrum: Codable, Sendable, Equatable {
  public struct Mode: Codable, Sendable, Equatable {
    /// λ over one frame.
    public var real: Double
    public var imaginary: Double
    public var residual: Double
    /// ln |λ| over the time between frames, below 0 for what decays.
    public var rate: Double
    /// arg λ / 2π over the time between frames.
    public var frequency: Double
  }

  /// Products that are refused beyond: the matrices are square.
  static let mostFeatures = 512
  public static let estimator = "EDMD/residual"

  /// By rising residual; of a conjugate pair the one of positive frequency.
  public var modes: [Mode]
  public var order: Int
  public var features: Int
  public var pairs: Int

  /// - Parameters:
  ///   - series: By observable (B, T).
  ///   - scale: Series whose means and standard deviations the observables are standardised with; nil for their own.
  ///   - order: Largest number of factors; lowered until the products are at most 512.
  ///   - timeStep: Time between two frames.
  /// - Returns: Nil where there are too few finite pairs, or no observable.
  public init?(_ series: [[[Double]]], standardisedBy scale: [[[Double]]]? = nil, order: Int = 3, timeStep: Double) {
    let inputs = series.count
    guard inputs > 0, timeStep > 0 else { return nil }
    var degree = max(1, order)
    while degree > 1, Self.count(inputs, degree) > Self.mostFeatures { degree -= 1 }
    let products = Self.products(inputs, degree)
    let n = products.count
    guard n <= Self.mostFeatures else { return nil }
    let moments = (scale ?? series).map { observable -> (mean: Double, deviation: Double) in
      let values = observable.joined().filter(\.isFinite)
      let mean = values.reduce(0, +) / Double(max(values.count, 1))
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count, 1))
      return (mean, square > 0 ? square.squareRoot() : 1)
    }
    var (g, a, l) = (
      [Double](repeating: 0, count: n * n), [Double](repeating: 0, count: n * n), [Double](repeating: 0, count: n * n)
    )
    var count = 0
    for trajectory in series[0].indices {
      let frames = series.map { $0[trajectory].count }.min() ?? 0
      var before: [[Double]] = []
      var (x, y): ([Double], [Double]) = ([], [])
      func flush() {
        let rows = x.count / n
        guard rows > 0 else { return }
        BLAS.addGram(x, rows: rows, columns: n, into: &g)
        BLAS.addGram(y, rows: rows, columns: n, into: &l)
        BLAS.addProduct(transposed: x, y, rows: rows, m: n, n: n, into: &a)
        count += rows
        x.removeAll(keepingCapacity: true)
        y.removeAll(keepingCapacity: true)
      }
      for frame in 0..<frames {
        let point = (0..<inputs).map { (series[$0][trajectory][frame] - moments[$0].mean) / moments[$0].deviation }
        guard point.allSatisfy(\.isFinite) else {
          before = []
          continue
        }
        var features = [Double](repeating: 1, count: n)
        for k in 1..<n { features[k] = features[products[k].parent] * point[products[k].factor] }
        if let last = before.first {
          x += last
          y += features
          if x.count >= 512 * n { flush() }
        }
        before = [features]
      }
      flush()
    }
    guard count > n, g.allSatisfy(\.isFinite), l.allSatisfy(\.isFinite) else { return nil }
    // Only the lower triangles are summed.
    for i in 0..<n {
      for j in 0..<i {
        g[j * n + i] = g[i * n + j]
        l[j * n + i] = l[i * n + j]
      }
    }
    let trace = (0..<n).reduce(0) { $0 + g[$1 * n + $1] } / Double(n)
    // Columns of A, one after the other.
    let columns = (0..<(n * n)).map { a[$0 % n * n + $0 / n] }
    guard let k = BLAS.solveSymmetric(g, columns, n: n, ridge: 1e-12 * trace),
      let found = BLAS.eigenpairs(columns: k, n: n)
    else { return nil }
    modes = found.filter { $0.value.imaginary >= 0 }.map { pair in
      let (u, v) = (pair.real, pair.imaginary)
      let (re, im) = pair.value
      let norm = Self.form(g, u, u) + Self.form(g, v, v)
      let next = Self.form(l, u, u) + Self.form(l, v, v)
      // gᴴ A g with g = u + i v.
      let (real, imaginary) = (Self.form(a, u, u) + Self.form(a, v, v), Self.form(a, u, v) - Self.form(a, v, u))
      let square = (next - 2 * (re * real + im * imaginary) + (re * re + im * im) * norm) / norm
      let size = (re * re + im * im).squareRoot()
      return Mode(
        real: re, imaginary: im, residual: max(square, 0).squareRoot(), rate: log(size) / timeStep,
        frequency: atan2(im, re) / (2 * .pi * timeStep))
    }.sorted { ($0.residual, -$0.rate) < ($1.residual, -$1.rate) }
    self.order = degree
    features = n
    pairs = count
  }

  /// xᵀ m y.
  private static func form(_ m: [Double], _ x: [Double], _ y: [Double]) -> Double {
    let n = x.count
    var sum = 0.0
    for i in 0..<n {
      var row = 0.0
      for j in 0..<n { row += m[i * n + j] * y[j] }
      sum += x[i] * row
    }
    return sum
  }

  /// C(inputs + order, order), or a number too large.
  private static func count(_ inputs: Int, _ order: Int) -> Int {
    (1...order).reduce(1) { $0 > mostFeatures * 64 ? $0 : $0 * (inputs + $1) / $1 }
  }

  /// Every product by one of a factor fewer and the last factor; the first is 1.
  private static func products(_ inputs: Int, _ order: Int) -> [(parent: Int, factor: Int)] {
    var all = [(parent: 0, factor: 0)]
    var last = 0..<1
    for _ in 0..<order {
      let begin = all.count
      for parent in last { for k in all[parent].factor..<inputs { all.append((parent, k)) } }
      last = begin..<all.count
      guard all.count <= mostFeatures else { return all }
    }
    return all
  }
}
