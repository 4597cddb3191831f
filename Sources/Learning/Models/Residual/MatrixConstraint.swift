internal import CKernels
internal import Tensors
internal import Trajectories

/// What a predicted density matrix is made to obey, and how a gradient passes it backwards.
///
/// The equations of motion turn ρ by unitary matrices, so that its eigenvalues never change: of a half-filled chain at
/// zero temperature they are 0 and 1, and ½ for levels at the Fermi energy. An error of a prediction, and the noise on a
/// training input, change them; what a network learns that averages such errors away has smaller and smaller coherences.
/// With X = 2ρ − 1, whose eigenvalues are then −1, 0 and 1,
///
///   X ← X³ (35 − 42 X² + 15 X⁴) / 8
///
/// has these three as fixed points to third order: an eigenvalue of ρ within 0.09 of one of them comes closer. ρ is made
/// Hermitian with trace L/2 before and after. `StateConstraint.projection` does that alone.
struct MatrixConstraint: Sendable {
  let sites: Int
  let keepsSpectrum: Bool

  /// - Returns: Nil where nothing is asked of a density matrix.
  init?(_ constraint: StateConstraint?, sites: Int) {
    guard let constraint, constraint.isOfMatrices else { return nil }
    self.sites = sites
    keepsSpectrum = constraint == .spectrum
  }

  private var plane: Int { sites * sites }
  private var matrix: Int { 2 * plane }
  /// Floats that the gradient needs of a prediction before it was constrained.
  var recordCount: Int { keepsSpectrum ? matrix : 0 }
  /// Floats of scratch memory of either way.
  var scratchCount: Int { keepsSpectrum ? 9 * matrix : 0 }

  /// Constrains the ρ at the front of a state, in place.
  /// - Parameters:
  ///   - record: (`recordCount`) what `pull` needs of it; nil for nothing.
  ///   - scratch: (`scratchCount`).
  func apply(
    _ state: UnsafeMutablePointer<Float>, record: UnsafeMutablePointer<Float>?, scratch: UnsafeMutablePointer<Float>
  ) {
    ProjectedModel.project(state, sites: sites, trace: Float(sites) / 2)
    guard keepsSpectrum else { return }
    let x = record ?? scratch + 4 * matrix
    read(state, scale: 2, shift: -1, into: x)
    let (y, p, r, z) = (scratch, scratch + matrix, scratch + 2 * matrix, scratch + 3 * matrix)
    powers(x, y: y, p: p, r: r)
    multiply(p, r, into: z)
    // ρ = (1 + Z) / 2.
    for i in 0..<sites {
      for j in 0..<sites {
        state[2 * (i * sites + j)] = z[i * sites + j] / 2
        state[2 * (i * sites + j) + 1] = z[plane + i * sites + j] / 2
      }
      state[2 * (i * sites + i)] += 0.5
    }
    ProjectedModel.project(state, sites: sites, trace: Float(sites) / 2)
  }

  /// Replaces the gradient by the constrained state by that by the state before, in place.
  ///
  /// The factors 2 and ½ of X and Z cancel. With C the gradient by a product of matrices that commute, that by a factor is
  /// the Hermitian part of C times the other one.
  func pull(
    _ gradient: UnsafeMutablePointer<Float>, record x: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    ProjectedModel.project(gradient, sites: sites, trace: 0)
    guard keepsSpectrum else { return }
    func part(_ k: Int) -> UnsafeMutablePointer<Float> { scratch + k * matrix }
    let (y, p, r, dZ, dP, dR, dY, product) = (part(0), part(1), part(2), part(3), part(4), part(5), part(6), part(7))
    powers(x, y: y, p: p, r: r)
    read(gradient, scale: 1, shift: 0, into: dZ)
    // Z = P R.
    hermitian(dZ, r, into: dP)
    hermitian(p, dZ, into: dR)
    // R = (35 − 42 Y + 15 Y²) / 8.
    hermitian(y, dR, into: dY)
    for k in 0..<matrix { dY[k] = 3.75 * dY[k] - 5.25 * dR[k] }
    // P = X Y.
    hermitian(x, dP, into: product)
    for k in 0..<matrix { dY[k] += product[k] }
    hermitian(dP, y, into: product)
    // Y = X X.
    let last = part(8)
    hermitian(x, dY, into: last)
    for i in 0..<sites {
      for j in 0..<sites {
        let at = i * sites + j
        gradient[2 * at] = product[at] + 2 * last[at]
        gradient[2 * at + 1] = product[plane + at] + 2 * last[plane + at]
      }
    }
    ProjectedModel.project(gradient, sites: sites, trace: 0)
  }

  /// Whether the eigenvalues of a state's ρ are what they are kept at: X (1 − X²) vanishes.
  /// - Parameter tolerance: Largest magnitude of its entries.
  func isKept(by state: UnsafePointer<Float>, tolerance: Float) -> Bool {
    guard keepsSpectrum else { return true }
    let memory = FloatBuffer(count: 3 * matrix)
    let (x, y, p) = (memory.pointer, memory.pointer + matrix, memory.pointer + 2 * matrix)
    read(state, scale: 2, shift: -1, into: x)
    multiply(x, x, into: y)
    multiply(x, y, into: p)
    return (0..<matrix).allSatisfy { abs(x[$0] - p[$0]) <= tolerance }
  }

  /// Y = X², P = X³, R = (35 − 42 Y + 15 Y²) / 8.
  private func powers(
    _ x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>, p: UnsafeMutablePointer<Float>,
    r: UnsafeMutablePointer<Float>
  ) {
    multiply(x, x, into: y)
    multiply(x, y, into: p)
    multiply(y, y, into: r)
    for k in 0..<matrix { r[k] = 1.875 * r[k] - 5.25 * y[k] }
    for i in 0..<sites { r[i * sites + i] += 4.375 }
  }

  private func multiply(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>) {
    holstream_complex_product(Int32(sites), a, b, c)
  }

  /// c ← (a b + (a b)†) / 2.
  private func hermitian(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>) {
    multiply(a, b, into: c)
    for i in 0..<sites {
      for j in 0...i {
        let (at, across) = (i * sites + j, j * sites + i)
        let real = (c[at] + c[across]) / 2
        let imaginary = (c[plane + at] - c[plane + across]) / 2
        c[at] = real
        c[across] = real
        c[plane + at] = imaginary
        c[plane + across] = -imaginary
      }
    }
  }

  /// The ρ of a state as two planes, times a scale, with a shift of the diagonal.
  private func read(
    _ state: UnsafePointer<Float>, scale: Float, shift: Float, into planes: UnsafeMutablePointer<Float>
  ) {
    for k in 0..<plane {
      planes[k] = scale * state[2 * k]
      planes[plane + k] = scale * state[2 * k + 1]
    }
    for i in 0..<sites { planes[i * sites + i] += shift }
  }
}
