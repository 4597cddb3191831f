internal import COpenBLAS
internal import Synchronization
internal import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A rational approximation to the Fermi function with all poles on one line: f(x) ≈ ½ − Σ_p c_p Re 1/(x − i y_p), x the
/// energy above μ.
///
/// tanh(x/2T) = 4 T x Σ_k 1/(x² + ω_k²), ω_k = (2k + 1)π T, is x times a Stieltjes function of x². Galerkin's projection
/// of that sum on a rational Krylov space (each vector made for the energy where the error is largest) interpolates it
/// twice at every energy chosen; its poles are on the imaginary axis and its weights above 0 by construction. The number
/// of poles grows with the logarithm of the spectrum's width over T: 16 for a width of 500 T.
struct FermiPoles: Sendable {
  /// y_p, rising: (poles), a multiple of `stride`.
  let heights: [Double]
  /// c_p: (poles), above 0; 0 for poles that fill the last vector.
  let weights: [Double]
  /// |x| up to here is approximated.
  let reach: Double
  /// Largest error of f.
  let error: Double

  /// Errors that do not show in forces to 1e-10.
  static let tolerance = 2e-11
  /// Errors below this are not asked for.
  private static let finest = 1e-12
  /// A multiple of this many poles is used, so that vectors of the kernels are full.
  static let stride = 8
  private static let most = 48

  private static let tables = Mutex<[Int: FermiPoles]>([:])

  /// For |x| up to `reach` at least, at one temperature.
  ///
  /// Tables are made for ratios of reach and temperature in steps of a fifth and kept, so that equal problems meet equal poles.
  init(reach: Double, temperature: Double) {
    let step = max(24, Int((4 * log2(max(reach, temperature) / temperature)).rounded(.up)))
    let unit = Self.tables.withLock { tables in
      if let table = tables[step] { return table }
      let table = FermiPoles(ratio: exp2(Double(step) / 4))
      tables[step] = table
      return table
    }
    heights = unit.heights.map { $0 * temperature }
    weights = unit.weights.map { $0 * temperature }
    self.reach = unit.reach * temperature
    error = unit.error
  }

  /// T = 1.
  /// - Parameter X: The reach.
  init(ratio X: Double) {
    let measure = Self.measure(X)
    let (s, c) = (measure.places, measure.weights)
    // p = (s − σ)/(s + σ) brings all places to −1 … 1.
    let sigma = Double.pi * X
    let p = s.map { ($0 - sigma) / ($0 + sigma) }
    let b = zip(s, c).map { ($1 * 2 * sigma / ($0 + sigma)).squareRoot() }
    let energies = Self.energies(X)
    let exact = energies.map { 0.5 * tanh($0 / 2) }
    var space = Space(p: p, b: b, sigma: sigma)
    var node = X * X / 3
    var best = (error: Double.infinity, heights: [Double](), weights: [Double]())
    for n in 1...Self.most {
      let found = space.extend(at: node)
      var worst = (error: 0.0, energy: 0.0)
      for (x, value) in zip(energies, exact) {
        let sum = zip(found.heights, found.weights).reduce(0) { $0 + $1.1 * x / (x * x + $1.0 * $1.0) }
        let error = abs(sum - value)
        if !(error <= worst.error) { worst = (error, x) }
      }
      node = worst.energy * worst.energy
      if worst.error < best.error { best = (worst.error, found.heights, found.weights) }
      if best.error <= Self.finest || (n % Self.stride == 0 && best.error <= Self.tolerance) { break }
      // Beyond round-off new vectors are noise.
      if n > best.heights.count + 3 { break }
    }
    // Vectors of the kernels are filled with poles of no weight.
    let rest = (Self.stride - best.heights.count % Self.stride) % Self.stride
    heights = best.heights + [Double](repeating: best.heights.last ?? 1, count: rest)
    weights = best.weights + [Double](repeating: 0, count: rest)
    reach = X
    error = best.error
  }

  /// Places s and weights of Σ_k 2/(w + ω_k²): ω_k² themselves, and far beyond `reach` Gauss's quadrature of the rest.
  private static func measure(_ X: Double) -> (places: [Double], weights: [Double]) {
    // Where the sum may be taken for an integral: the error is 0.5 X/ω³ there, and at most 0.35/ω².
    let omega = max(min(cbrt(1e12 * X), 1e6), 200)
    let terms = Int(omega / (2 * .pi)) + 1
    let first = 2 * Double.pi * Double(terms)
    var places = (0..<terms).map { k in
      let w = Double(2 * k + 1) * .pi
      return w * w
    }
    var weights = [Double](repeating: 2, count: terms)
    let gauss = Self.gaussLegendre(16)
    // ∫ 2/(w + ω²) dω/2π by octaves up to 64 X, then in 1/ω.
    var (low, last) = (first, max(64 * X, 2 * first))
    while low < last {
      let high = low * 2
      for (x, weight) in zip(gauss.places, gauss.weights) {
        let w = low + (high - low) * (x + 1) / 2
        places.append(w * w)
        weights.append(weight * (high - low) / 2 / .pi)
      }
      low = high
    }
    last = 1 / low
    for (x, weight) in zip(gauss.places, gauss.weights) {
      let u = last * (x + 1) / 2
      places.append(1 / (u * u))
      weights.append(weight * last / 2 / (.pi * u * u))
    }
    return (places, weights)
  }

  /// Where the error is looked at: close together around 0, then by a constant factor.
  private static func energies(_ X: Double) -> [Double] {
    let near = (0..<300).map { Double($0) * 0.1 }
    let factors = 500
    return near + (0...factors).map { 30 * pow(max(X, 31) / 30, Double($0) / Double(factors)) }
  }

  /// The sum b (w + s)⁻¹ b projected on a growing space of vectors (w_j + s)⁻¹ b.
  private struct Space {
    let p: [Double]
    let b: [Double]
    let sigma: Double
    private var count = 0
    /// (count, p.count), orthonormal rows.
    private var basis: [Double] = []
    /// Row n holds the overlaps of vector n with p times those before and itself.
    private var overlaps: [[Double]] = []
    private var start: [Double] = []

    init(p: [Double], b: [Double], sigma: Double) {
      self.p = p
      self.b = b
      self.sigma = sigma
    }

    /// With one vector more: the poles and weights of the projection.
    mutating func extend(at node: Double) -> (heights: [Double], weights: [Double]) {
      var v = zip(p, b).map { $1 / ((node + sigma) + $0 * (sigma - node)) }
      let rows = Int32(v.count)
      BLAS.prepare()
      for _ in 0..<2 where count > 0 {
        var shares = [Double](repeating: 0, count: count)
        cblas_dgemv(CblasRowMajor, CblasNoTrans, Int32(count), rows, 1, basis, rows, v, 1, 0, &shares, 1)
        cblas_dgemv(CblasRowMajor, CblasTrans, Int32(count), rows, -1, basis, rows, shares, 1, 1, &v, 1)
      }
      let norm = cblas_dnrm2(rows, v, 1)
      cblas_dscal(rows, 1 / norm, &v, 1)
      basis += v
      count += 1
      start.append(cblas_ddot(rows, v, 1, b, 1))
      let scaled = zip(p, v).map { $0 * $1 }
      var row = [Double](repeating: 0, count: count)
      cblas_dgemv(CblasRowMajor, CblasNoTrans, Int32(count), rows, 1, basis, rows, scaled, 1, 0, &row, 1)
      overlaps.append(row)
      return poles
    }

    private var poles: (heights: [Double], weights: [Double]) {
      let n = count
      let matrix = (0..<n * n).map { overlaps[max($0 / n, $0 % n)][min($0 / n, $0 % n)] }
      guard let eigen = try? SymmetricEigen(matrix, size: n) else { return ([1], [.nan]) }
      var (heights, weights): ([Double], [Double]) = ([], [])
      for m in 0..<n {
        let theta = eigen.values[m]
        let overlap = (0..<n).reduce(0) { $0 + eigen.vectors[m * n + $1] * start[$1] }
        heights.append((sigma * (1 + theta) / (1 - theta)).squareRoot())
        weights.append(overlap * overlap / (1 - theta))
      }
      return (heights, weights)
    }
  }

  /// Gauss's quadrature on −1 … 1.
  private static func gaussLegendre(_ n: Int) -> (places: [Double], weights: [Double]) {
    var (places, weights): ([Double], [Double]) = ([], [])
    for k in 0..<n {
      var x = cos(Double.pi * (Double(k) + 0.75) / (Double(n) + 0.5))
      var slope = 1.0
      for _ in 0..<50 {
        var (before, now) = (1.0, x)
        for j in 2...n { (before, now) = (now, (Double(2 * j - 1) * x * now - Double(j - 1) * before) / Double(j)) }
        slope = Double(n) * (x * now - before) / (x * x - 1)
        let change = now / slope
        x -= change
        if abs(change) < 1e-15 { break }
      }
      places.append(x)
      weights.append(2 / ((1 - x * x) * slope * slope))
    }
    return (places, weights)
  }
}
