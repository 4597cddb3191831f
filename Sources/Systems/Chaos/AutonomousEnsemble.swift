internal import Tensors
internal import Trajectories

/// Trajectories of an autonomous system, one array of all their states, split over workers by number.
struct AutonomousEnsemble<System: AutonomousSystem>: Ensemble {
  let trajectories: Range<Int>
  private(set) var nextIndex = 0
  private let system: System
  private let layout: StateLayout
  private let workers: Workers
  private let firstTime: Double
  private let transient: Int
  private let seed: UInt64
  /// Steps since time 0.
  private var step: Int
  /// (trajectories, layout.count).
  private var states: [Double]

  /// - Throws: `SystemError` for parameters or numbers that cannot be.
  init(_ system: System, _ trajectories: Range<Int>, seed: UInt64, workers: Int) throws(SystemError) {
    try EnsembleSize.validate(trajectories, numbersPerState: system.layout.count)
    try self.init(
      system, trajectories, firstTime: 0, transient: system.sampling.transient, seed: seed, workers,
      trajectories.flatMap { system.initialState(seed: seed, trajectory: $0) })
  }

  /// - Throws: `SystemError` for parameters or states that cannot be.
  init(_ system: System, from states: [State<Double>], firstTime: Double, workers: Int) throws(SystemError) {
    try EnsembleSize.validate(states, of: system.layout)
    guard firstTime.isFinite else { throw SystemError(.invalidState, "the time of the states is \(firstTime)") }
    try self.init(
      system, 0..<states.count, firstTime: firstTime, transient: 0, seed: system.noiseSeed, workers,
      states.flatMap(\.values))
  }

  private init(
    _ system: System, _ trajectories: Range<Int>, firstTime: Double, transient: Int, seed: UInt64, _ workers: Int,
    _ states: [Double]
  ) throws(SystemError) {
    try system.sampling.validate(mostStep: System.mostStep)
    try system.validate()
    self.system = system
    self.trajectories = trajectories
    self.firstTime = firstTime
    self.transient = transient
    self.seed = seed
    step = Int((firstTime / system.dt).rounded())
    self.states = states
    layout = system.layout
    self.workers = Workers(count: max(1, min(workers, trajectories.count)))
  }

  mutating func advance() -> [Frame] {
    let index = nextIndex
    nextIndex += 1
    let every = system.sampling.saveEvery
    let half = system.sampling.midInterval && index > 0 ? every / 2 : 0
    var mids: [State<Double>]?
    if half > 0 {
      let before = (states, step)
      advance(steps: half)
      mids = frames
      // Where a pause changes bits, frames are the ones without it.
      if !system.stepsAreExact { (states, step) = before }
      advance(steps: system.stepsAreExact ? every - half : every)
    } else {
      advance(steps: index == 0 ? transient : every)
    }
    let time = firstTime + Double(transient + index * every) * system.dt
    return zip(trajectories, frames).enumerated().map { k, pair in
      Frame(trajectory: pair.0, index: index, time: time, state: pair.1, mid: mids?[k])
    }
  }

  private var frames: [State<Double>] {
    let count = layout.count
    return (0..<trajectories.count).map { State(layout, Array(states[($0 * count)..<(($0 + 1) * count)])) }
  }

  private mutating func advance(steps: Int) {
    guard steps > 0 else { return }
    let (system, count, total, workers) = (system, layout.count, trajectories.count, workers)
    let (seed, first, step) = (seed, trajectories.lowerBound, step)
    self.step += steps
    states.withUnsafeMutableBufferPointer { states in
      let shared = Shared(states: states.baseAddress!)
      workers.split(total) { _, range in
        system.advance(
          shared.states + range.lowerBound * count, trajectories: range.count, steps: steps,
          at: NoisePlace(seed: seed, trajectory: first + range.lowerBound, step: step))
      }
    }
  }

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let states: UnsafeMutablePointer<Double>
  }
}
