internal import Tensors
internal import Trajectories

/// Lattices that advance together, split over workers by number.
struct SquareEnsemble: Ensemble {
  let trajectories: Range<Int>
  private(set) var nextIndex = 0
  private let system: HolsteinSquareSystem
  private let layout: StateLayout
  private let seed: UInt64
  private let firstStep: Int
  private let firstTime: Double
  private let workers: Workers
  private var lattices: [LangevinTrajectory]
  private var notices: [String] = []

  /// - Throws: `SystemError` for numbers that cannot be.
  init(_ system: HolsteinSquareSystem, _ trajectories: Range<Int>, seed: UInt64, workers: Int) throws(SystemError) {
    try EnsembleSize.validate(trajectories, numbersPerState: system.layout.count)
    self.init(
      system, trajectories, seed: seed, firstTime: 0, workers,
      trajectories.map { system.initialState(seed: seed, trajectory: $0) })
  }

  /// - Throws: `SystemError` for states that cannot be.
  init(_ system: HolsteinSquareSystem, from states: [State<Double>], firstTime: Double, workers: Int)
    throws(SystemError)
  {
    try EnsembleSize.validate(states, of: system.layout)
    guard abs(firstTime) <= 1e9 else {
      throw SystemError(.invalidState, "the time of the states is \(firstTime)")
    }
    self.init(
      system, 0..<states.count, seed: system.dynamics.noiseSeed, firstTime: firstTime, workers, states)
  }

  private init(
    _ system: HolsteinSquareSystem, _ trajectories: Range<Int>, seed: UInt64, firstTime: Double, _ workers: Int,
    _ states: [State<Double>]
  ) {
    self.system = system
    self.trajectories = trajectories
    self.seed = seed
    self.firstTime = firstTime
    let firstStep = Int((firstTime / system.dt).rounded())
    self.firstStep = firstStep
    layout = system.layout
    let team = Workers(count: max(1, min(workers, trajectories.count)))
    self.workers = team
    lattices = Self.make(states.count, team) { k in
      LangevinTrajectory(
        system, q: Array(states[k]["Q"]), p: Array(states[k]["P"]), step: firstStep, seed: seed,
        trajectory: trajectories.lowerBound + k)
    }
  }

  /// - Throws: `SystemError` where a log of learning on the fly does not say what to replay.
  mutating func advance() throws -> [Frame] {
    let index = nextIndex
    nextIndex += 1
    if index == 0 { try check() }
    let every = system.saveEvery
    var mids: [State<Double>]?
    if index > 0 {
      let half = system.hasMids ? every / 2 : 0
      if half > 0 {
        try advance(steps: half)
        mids = lattices.map(state)
      }
      try advance(steps: every - half)
    }
    // As the step's number says it, so that a trajectory that goes on has the times of the whole.
    let time = index == 0 ? firstTime : Double(firstStep + index * every) * system.dt
    return zip(trajectories, lattices).enumerated().map { k, pair in
      Frame(
        trajectory: pair.0, index: index, time: time, state: state(pair.1), mid: mids?[k],
        tendency: system.dynamics.keepsForce ? system.tendency(p: pair.1.p, force: pair.1.force) : nil)
    }
  }

  mutating func takeRecords() -> [OnTheFlyRecord] { lattices.indices.flatMap { lattices[$0].takeRecords() } }

  private func state(_ lattice: LangevinTrajectory) -> State<Double> { State(layout, lattice.q + lattice.p) }

  mutating func takeNotices() -> [String] {
    defer { notices = [] }
    return notices
  }

  /// A log that cannot be replayed ends the run: other forces would be quietly others.
  private func check() throws(SystemError) {
    for lattice in lattices where lattice.isReplaying && !lattice.isFinite {
      if let failure = lattice.failure { throw failure }
    }
  }

  private mutating func advance(steps: Int) throws(SystemError) {
    let (before, system, seed, first) = (lattices, system, seed, trajectories.lowerBound)
    @Sendable func advanced(_ lattice: inout LangevinTrajectory, _ trajectory: Int) {
      var noise = [Double](repeating: 0, count: lattice.q.count)
      for _ in 0..<steps where lattice.isFinite {
        system.drawNoise(&noise, seed: seed, trajectory: trajectory, step: lattice.step)
        lattice.advance(noise: noise)
      }
    }
    lattices = Self.make(before.count, workers) { k in
      var lattice = before[k]
      advanced(&lattice, first + k)
      return lattice
    }
    if system.dynamics.recovery == .exact { recover(before, advanced) }
    for k in lattices.indices where !lattices[k].isFinite && before[k].isFinite {
      notices.append(
        "trajectory \(first + k) is lost, for it is no longer finite at time \(Double(lattices[k].step) * system.dt): "
          + (lattices[k].failure?.message ?? "a displacement, momentum or force"))
    }
    try check()
  }

  /// Does the interval again by the exact engine where a lattice is no longer finite.
  private mutating func recover(
    _ before: [LangevinTrajectory], _ advanced: (inout LangevinTrajectory, _ trajectory: Int) -> Void
  ) {
    let first = trajectories.lowerBound
    for k in lattices.indices where !lattices[k].isFinite && Self.isSound(before[k]) {
      let lost = Double(lattices[k].step) * system.dt
      lattices[k] = before[k]
      lattices[k].beginRecovery()
      advanced(&lattices[k], first + k)
      lattices[k].endRecovery()
      notices.append(
        "trajectory \(first + k) was no longer finite at time \(lost); it "
          + (lattices[k].isFinite
            ? "went on from time \(Double(before[k].step) * system.dt) by the exact engine"
            : "is not with the exact engine either"))
    }
  }

  /// Whether displacements and momenta are finite, whatever the force.
  private static func isSound(_ lattice: LangevinTrajectory) -> Bool {
    lattice.q.allSatisfy(\.isFinite) && lattice.p.allSatisfy(\.isFinite)
  }

  /// Lattices by number, each made by one worker.
  private static func make(_ count: Int, _ workers: Workers, _ body: @Sendable (Int) -> LangevinTrajectory)
    -> [LangevinTrajectory]
  {
    [LangevinTrajectory](unsafeUninitializedCapacity: count) { target, initialized in
      let shared = Shared(target: target.baseAddress!)
      workers.split(count) { _, range in
        for k in range { (shared.target + k).initialize(to: body(k)) }
      }
      initialized = count
    }
  }

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let target: UnsafeMutablePointer<LangevinTrajectory>
  }
}
