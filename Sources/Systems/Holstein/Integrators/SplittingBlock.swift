internal import CKernels

#if canImport(Glibc)
  import Glibc
#endif

/// Trajectories as weighted orbitals, advanced by a splitting method (`lattice_splitting.c`).
struct SplittingBlock: TrajectoryBlock {
  private struct Trajectory {
    let columns: Int
    /// f_m, (columns).
    let weights: [Double]
    /// φ̃, (L, 2, columns).
    var orbitals: [Double]
    var q: [Double]
    var p: [Double]
    /// Steps taken since the quench.
    var clock: Int
  }

  private let dynamics: LatticeDynamics
  private let sites: Int
  private let kicks: [Double]
  private let hops: [Double]
  private let band: Int
  private let taps: [Double]
  private var trajectories: [Trajectory]

  /// - Throws: `SystemError` when LAPACK cannot diagonalise ρ.
  init(
    _ states: [LatticeState], _ dynamics: LatticeDynamics, _ scheme: (kicks: [Double], hops: [Double]),
    stepsTaken: [Int]
  ) throws(SystemError) {
    self.dynamics = dynamics
    sites = states[0].sites
    kicks = scheme.kicks
    hops = scheme.hops
    let arguments = scheme.hops.map { 2 * dynamics.parameters.hopping * dynamics.dt * $0 }
    // As far as a particle can hop in the longest of the hops, to round-off.
    let furthest = arguments.map(abs).max() ?? 0
    var band = 1
    while abs(jn(Int32(band + 1), furthest)) > 1e-18 { band += 1 }
    self.band = band
    taps = arguments.flatMap { x in (-band...band).map { (($0 > 0 && $0 % 2 == 1) ? -1 : 1) * jn(Int32(abs($0)), x) } }
    trajectories = []
    for (state, clock) in zip(states, stepsTaken) {
      trajectories.append(try Self.orbitals(of: state, clock: clock))
    }
  }

  mutating func advance(steps: [Int]) {
    for k in trajectories.indices where steps[k] > 0 { run(&trajectories[k], steps: steps[k]) }
  }

  func values(_ k: Int) -> [Double] {
    let t = trajectories[k]
    let vectors = 2 * sites * sites
    var values = [Double](repeating: 0, count: vectors + 2 * sites)
    for a in 0..<sites { (values[vectors + a], values[vectors + sites + a]) = (t.q[a], t.p[a]) }
    let columns = t.columns
    t.orbitals.withUnsafeBufferPointer { orbitals in
      for a in 0..<sites {
        for b in a..<sites {
          // ρ_ab = i^(a−b) Σ_m f_m φ̃_m(a) φ̃_m(b)*
          var re = 0.0
          var im = 0.0
          for m in 0..<columns {
            let (x, y) = (orbitals[2 * a * columns + m], orbitals[(2 * a + 1) * columns + m])
            let (u, v) = (orbitals[2 * b * columns + m], orbitals[(2 * b + 1) * columns + m])
            re += t.weights[m] * (x * u + y * v)
            im += t.weights[m] * (y * u - x * v)
          }
          switch (b - a) % 4 {
          case 1: (re, im) = (im, -re)
          case 2: (re, im) = (-re, -im)
          case 3: (re, im) = (-im, re)
          default: break
          }
          let (upper, lower) = (2 * (a * sites + b), 2 * (b * sites + a))
          values[upper] = re
          values[lower] = re
          values[upper + 1] = a == b ? 0 : im
          values[lower + 1] = a == b ? 0 : -im
        }
      }
    }
    return values
  }

  private static func orbitals(of state: LatticeState, clock: Int) throws(SystemError) -> Trajectory {
    let L = state.sites
    let eigen = try HermitianEigen(state.rho, size: L)
    let kept = eigen.values.indices.filter { abs(eigen.values[$0]) > 1e-14 }
    let columns = max(8, (kept.count + 7) / 8 * 8)
    var weights = [Double](repeating: 0, count: columns)
    var orbitals = [Double](repeating: 0, count: 2 * L * columns)
    for (m, source) in kept.enumerated() {
      weights[m] = eigen.values[source]
      for a in 0..<L {
        let (re, im) = eigen.element(source, a)
        // φ̃ = i^(−a) φ
        let (x, y) = [(re, im), (im, -re), (-re, -im), (-im, re)][a % 4]
        orbitals[2 * a * columns + m] = x
        orbitals[(2 * a + 1) * columns + m] = y
      }
    }
    return Trajectory(columns: columns, weights: weights, orbitals: orbitals, q: state.q, p: state.p, clock: clock)
  }

  private func run(_ t: inout Trajectory, steps: Int) {
    let size = holstein_splitting_workspace_size(sites, t.columns, band)
    let workspace = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 * size, alignment: 64)
    defer { workspace.deallocate() }
    let memory = workspace.assumingMemoryBound(to: Double.self).baseAddress!
    memory.initialize(repeating: 0, count: size)
    let couplings = couplings(steps: steps, from: t.clock)
    kicks.withUnsafeBufferPointer { kicks in
      hops.withUnsafeBufferPointer { hops in
        taps.withUnsafeBufferPointer { taps in
          var scheme = holstein_scheme(
            stages: hops.count, band: band, kicks: kicks.baseAddress, hops: hops.baseAddress, taps: taps.baseAddress)
          withUnsafePointer(to: dynamics.parameters.kernel) { kernel in
            holstein_splitting(
              sites, t.columns, kernel, dynamics.parameters.disorder, couplings, &scheme, dynamics.dt, steps,
              t.weights, &t.orbitals, &t.q, &t.p, memory)
          }
        }
      }
    }
    t.clock += steps
  }

  /// g at each kick; time goes on with the hops. Nil for a constant one.
  private func couplings(steps: Int, from clock: Int) -> [Double]? {
    guard dynamics.schedule != .constant else { return nil }
    let passed = hops.indices.map { hops[..<$0].reduce(0, +) }
    return (0...steps).flatMap { step in
      (step < steps ? passed : [0]).map { dynamics.coupling(after: Double(clock + step) + $0) }
    }
  }
}
