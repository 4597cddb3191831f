internal import CKernels
internal import Tensors
internal import Trajectories

/// Forces and densities of one lattice by a learned force field; one for each thread.
///
/// At μ = 0 the density of a site is the network's. Since H − μ depends on Q by gQ + μ alone, the density of another
/// chemical potential is that of Q + μ/g, so that the same network serves half filling, too: μ is where Σ n = N/2. The
/// result is a function of Q alone, to the bit; the springs are added in double precision.
public final class ForceField {
  public typealias Ensemble = LatticePhysics.Ensemble

  public let rows, columns: Int
  public let ensemble: Ensemble
  /// (sites) of the last displacements.
  public private(set) var force: [Double]
  public private(set) var density: [Double]
  public private(set) var chemicalPotential = 0.0
  /// How often the network was asked for them.
  public private(set) var evaluations = 0

  private let settings: ForceFieldSettings
  private let coupling: Double
  private let springs: ElasticForce
  private let replay: ForceReplay
  private let parameters: [Float]
  private let shifted: FloatBuffer
  private let occupation: FloatBuffer
  private let pull: FloatBuffer
  private var exactPull: [Double]

  /// Largest |Σ n − N/2| a site.
  public static let chargeTolerance = 1e-6
  /// Displacements by which a lattice is shifted at most.
  private static let farthest = 64.0

  /// - Parameter ensemble: Of the forces that are asked for.
  /// - Throws: `LearningError` where the field does not know g, k and κ, or where it learnt half filling and is asked for
  ///   μ = 0.
  init(
    _ settings: ForceFieldSettings, tensors: [ParameterTensor], parameters: [Float], rows: Int, columns: Int,
    ensemble: Ensemble
  ) throws {
    guard ensemble == settings.physics.ensemble || ensemble == .canonical else {
      throw LearningError(
        .invalidData,
        "the force field learnt forces at half filling, from which those of μ = 0 do not follow; train one with `ensemble: grand-canonical`"
      )
    }
    self.settings = settings
    self.ensemble = ensemble
    (self.rows, self.columns) = (rows, columns)
    coupling = try settings.physics.value("g")
    springs = ElasticForce(
      stiffness: try settings.physics.value("k"), neighbourStiffness: try settings.physics.value("kappa"))
    guard coupling != 0 else { throw LearningError(.invalidData, "without coupling, g = 0, there is nothing to learn") }
    replay = ForceReplay(
      settings.network(tensors), isOdd: settings.isOdd, batch: 1, rows: rows, columns: columns)
    self.parameters = parameters
    let sites = rows * columns
    shifted = FloatBuffer(count: sites)
    occupation = FloatBuffer(count: sites)
    pull = FloatBuffer(count: sites)
    exactPull = [Double](repeating: 0, count: sites)
    force = exactPull
    density = exactPull
  }

  /// Finds the force, the density and the chemical potential at displacements.
  /// - Parameter q: (sites).
  /// - Returns: False where a displacement is not finite, or no μ within reach gives the charge.
  public func evaluate(_ q: UnsafePointer<Double>) -> Bool {
    evaluations = 0
    let sites = rows * columns
    for site in 0..<sites where !q[site].isFinite { return false }
    let solvesCharge = ensemble != settings.physics.ensemble
    guard let shift = solvesCharge ? chargeShift(q) : 0, solvesCharge || excess(q, 0).isFinite else { return false }
    chemicalPotential = coupling * shift
    let (occupation, coupling) = (occupation.pointer, coupling)
    exactPull.withUnsafeMutableBufferPointer { pull in
      springs.write(q, rows: rows, columns: columns, into: pull.baseAddress!)
      density.withUnsafeMutableBufferPointer { density in
        for site in 0..<sites { density[site] = Double(occupation[site]) }
      }
      force.withUnsafeMutableBufferPointer { force in
        for site in 0..<sites { force[site] = coupling * (Double(occupation[site]) - 0.5) - pull[site] }
      }
    }
    return true
  }

  /// Σ (n − ½) of the lattice moved by a shift; leaves n.
  private func excess(_ q: UnsafePointer<Double>, _ shift: Double) -> Double {
    let sites = rows * columns
    evaluations += 1
    let (shifted, occupation, pull) = (shifted.pointer, occupation.pointer, pull.pointer)
    for site in 0..<sites { shifted[site] = Float(q[site] + shift) }
    let values = replay.values(shifted, parameters: parameters)
    var sum = 0.0
    switch (settings.elastic, settings.density) {
    case (.exact, .tanh):
      holstream_tape_function(Int32(HOLSTREAM_TANH), values, occupation, sites)
      for site in 0..<sites { occupation[site] = 0.5 + 0.5 * occupation[site] }
    case (.exact, .linear): for site in 0..<sites { occupation[site] = 0.5 + values[site] }
    case (.learned, _):
      springs.write(shifted, rows: rows, columns: columns, into: pull)
      let g = Float(coupling)
      for site in 0..<sites { occupation[site] = 0.5 + (values[site] + pull[site]) / g }
    }
    for site in 0..<sites { sum += Double(occupation[site]) - 0.5 }
    return sum
  }

  /// The shift μ/g that makes the charge N/2; leaves its n. Nil where there is none within reach.
  ///
  /// Σ n rises with μ. From 0 secants lead on until the sign changes, each a little too far and none more than eight times
  /// as far as the one before; then the bracket is narrowed by false position with halving (Illinois).
  private func chargeShift(_ q: UnsafePointer<Double>) -> Double? {
    let tolerance = Self.chargeTolerance * Double(rows * columns)
    var (a, fa) = (0.0, excess(q, 0))
    if abs(fa) <= tolerance { return 0 }
    guard fa.isFinite else { return nil }
    let direction = (fa < 0) == (coupling > 0) ? 1.0 : -1.0
    // As if a site's density rose by a tenth a unit of displacement, which is steep for a lattice with a gap.
    var step = min(max(abs(fa) / (0.1 * Double(rows * columns)), 1e-4), 0.05)
    var (b, fb) = (direction * step, excess(q, direction * step))
    while fb.isFinite, abs(fb) > tolerance, (fb < 0) == (fa < 0) {
      guard abs(b) < Self.farthest else { return nil }
      let ahead = 1.1 * abs(fb) * step / abs(fa - fb)
      step = ahead.isFinite ? min(max(ahead, 1e-4), 8 * step) : 8 * step
      (a, fa) = (b, fb)
      b += direction * step
      fb = excess(q, b)
    }
    guard fb.isFinite else { return nil }
    if abs(fb) <= tolerance { return b }
    for _ in 0..<100 {
      let c = (a * fb - b * fa) / (fb - fa)
      let fc = excess(q, c)
      guard fc.isFinite else { return nil }
      // Single precision resolves no more.
      if abs(fc) <= tolerance || abs(b - a) <= 1e-6 * max(1, abs(c)) { return c }
      if (fc < 0) == (fb < 0) {
        fa /= 2
      } else {
        (a, fa) = (b, fb)
      }
      (b, fb) = (c, fc)
    }
    return nil
  }
}
