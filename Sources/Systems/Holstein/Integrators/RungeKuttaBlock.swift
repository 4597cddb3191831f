internal import CKernels

/// Trajectories as the diagonals of the Hermitian half of ρ, advanced by RK4 one at a time or eight interleaved.
///
/// The bits of a trajectory are the same either way (`lattice_rk4.c`), so it does not matter who shares its block.
struct RungeKuttaBlock: TrajectoryBlock {
  /// Trajectories that a register holds side by side.
  static let lanes = 8
  /// Beyond this, eight states leave the second-level cache and a row alone fills the registers.
  static let mostInterleavedSites = 256
  static let mostTabulatedSteps = 65_536

  private let dynamics: LatticeDynamics
  private let sites: Int
  private let count: Int
  private let width: Int
  /// One packed state of `width` lanes, or one state for each trajectory.
  private var packed: [[Double]]
  /// Steps taken since the quench, by trajectory.
  private var clocks: [Int]

  init(_ states: [LatticeState], _ dynamics: LatticeDynamics, stepsTaken: [Int]) {
    self.dynamics = dynamics
    sites = states[0].sites
    count = states.count
    clocks = stepsTaken
    // Two trajectories alone are faster one after the other than with six empty lanes.
    width = count > 2 && sites <= Self.mostInterleavedSites ? Self.lanes : 1
    packed = []
    for (k, state) in states.enumerated() { put(state, k) }
  }

  mutating func advance(steps: [Int]) {
    let together = steps.min() ?? 0
    let sameClock = dynamics.schedule == .constant || Set(clocks).count == 1
    if width == 1 {
      for k in 0..<count { run(&packed[k], lanes: 1, steps: steps[k], from: clocks[k]) }
    } else {
      if sameClock { run(&packed[0], lanes: width, steps: together, from: clocks[0]) }
      let alone = sameClock ? together : 0
      for k in 0..<count where steps[k] > alone {
        var single = RungeKuttaBlock(
          [LatticeState(sites: sites, values: values(k))], dynamics, stepsTaken: [clocks[k] + alone])
        single.advance(steps: [steps[k] - alone])
        put(LatticeState(sites: sites, values: single.values(0)), k)
      }
    }
    for k in 0..<count { clocks[k] += steps[k] }
  }

  func values(_ k: Int) -> [Double] {
    let total = 2 * sites * sites + 2 * sites
    return [Double](unsafeUninitializedCapacity: total) { values, count in
      // Fresh memory is touched in order first: unpacking lanes goes across the rows.
      if width > 1 { values.initialize(repeating: 0) }
      let rho = values.baseAddress!
      let q = rho + 2 * sites * sites
      holstein_unpack(sites, width, width == 1 ? 0 : k, packed[width == 1 ? k : 0], rho, q, q + sites)
      count = total
    }
  }

  private mutating func put(_ state: LatticeState, _ k: Int) {
    let (block, lane) = width == 1 ? (k, 0) : (0, k)
    if block >= packed.count { packed.append(Array(repeating: 0, count: holstein_state_size(sites, width))) }
    state.values.withUnsafeBufferPointer { values in
      let rho = values.baseAddress!
      let q = rho + 2 * sites * sites
      holstein_pack(sites, width, lane, rho, q, q + sites, &packed[block])
    }
  }

  private func run(_ packed: inout [Double], lanes: Int, steps: Int, from clock: Int) {
    guard steps > 0 else { return }
    // On a cache line's edge, which arrays are not: a register's worth then never straddles two lines.
    let size = holstein_state_size(sites, lanes)
    let total = size + holstein_workspace_size(sites, lanes)
    let aligned = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 * total, alignment: 64)
    defer { aligned.deallocate() }
    let memory = aligned.assumingMemoryBound(to: Double.self).baseAddress!
    memory.initialize(repeating: 0, count: total)
    memory.update(from: packed, count: size)
    withUnsafePointer(to: dynamics.parameters.kernel) { kernel in
      // A coupling that changes is tabulated for some steps at a time, so that long intervals need no long tables.
      let most = dynamics.schedule == .constant ? steps : Self.mostTabulatedSteps
      for start in stride(from: 0, to: steps, by: most) {
        let count = min(most, steps - start)
        holstein_rk4(
          sites, lanes, kernel, dynamics.parameters.disorder, couplings(steps: count, from: clock + start), dynamics.dt,
          count, memory, memory + size)
      }
    }
    packed.withUnsafeMutableBufferPointer { _ = $0.update(from: UnsafeBufferPointer(start: memory, count: size)) }
  }

  /// g at the start, middle and end of each step; nil for a constant one.
  private func couplings(steps: Int, from clock: Int) -> [Double]? {
    guard dynamics.schedule != .constant else { return nil }
    return (0..<steps).flatMap { step in
      [0, 0.5, 1].map { dynamics.coupling(after: Double(clock + step) + $0) }
    }
  }
}
