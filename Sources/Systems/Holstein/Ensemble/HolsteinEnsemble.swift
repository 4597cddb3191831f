internal import Tensors
public import Trajectories

/// Many trajectories of the Holstein model that advance together, frame by frame.
///
/// The bits of a trajectory depend neither on its companions nor on the number of workers: any one can be rebuilt alone
/// from (configuration, number).
public struct HolsteinEnsemble: Ensemble {
  public let parameters: HolsteinParameters
  public let dt: Double
  public let saveEvery: Int
  public let midInterval: Bool
  public let trajectories: Range<Int>
  /// Index of the next frame.
  public private(set) var nextIndex: Int
  private let layout: StateLayout
  private let workers: Workers
  private let firstTimes: [Double]
  private let leadSteps: [Int]
  private var blocks: [any TrajectoryBlock]
  private let trajectoriesPerBlock: Int

  /// Trajectories of a quench, each from its seeded initial state.
  /// - Throws: `SystemError` for a configuration that makes no sense or a ground state that does not converge.
  public init(_ configuration: EnsembleConfiguration, trajectories: Range<Int>, workers: Int = 1) throws(SystemError) {
    try configuration.validate()
    try EnsembleSize.validate(trajectories, numbersPerState: Self.numbers(configuration.sites))
    let states = try GroundState.initialStates(configuration, trajectories: trajectories)
    try self.init(
      states, trajectories, configuration, nextIndex: 0,
      leadSteps: trajectories.map { Self.leadSteps(configuration, $0) }, workers)
  }

  /// The same trajectories from frames that were saved: with RK4 and frames in double precision, to the same bits as if
  /// they had not been interrupted. (The splittings keep orbitals, which a frame determines to round-off only.)
  /// - Parameter frames: The last saved frame of each trajectory; numbers contiguous, one common index.
  /// - Throws: `SystemError` for a configuration that makes no sense.
  public init(_ configuration: EnsembleConfiguration, resumingFrom frames: [Frame], workers: Int = 1)
    throws(SystemError)
  {
    try configuration.validate()
    let layout = LatticeState.layout(sites: configuration.sites)
    guard let first = frames.first, (0...Self.mostFrames).contains(first.index),
      (0...EnsembleSize.mostTrajectories).contains(first.trajectory),
      frames.enumerated().allSatisfy({ $1.trajectory == first.trajectory + $0 && $1.index == first.index })
    else {
      throw SystemError(
        .invalidState, "an ensemble goes on from one frame of each trajectory, in order and with the same index")
    }
    try EnsembleSize.validate(frames.map(\.state), of: layout)
    let trajectories = first.trajectory..<(first.trajectory + frames.count)
    try self.init(
      frames.map { LatticeState($0.state) }, trajectories, configuration, nextIndex: first.index + 1,
      leadSteps: trajectories.map { Self.leadSteps(configuration, $0) }, workers)
  }

  /// Trajectories from given states, numbered from 0; their first frames are the states themselves.
  /// - Parameters:
  ///   - configuration: Its seed, initial coupling and pre-steps do not matter.
  ///   - firstTime: Of the states, since the quench: a schedule goes on from there.
  /// - Throws: `SystemError` when the integrator cannot take the states.
  public init(
    _ configuration: EnsembleConfiguration, states: [LatticeState], firstTime: Double = 0, workers: Int = 1
  ) throws(SystemError) {
    try configuration.validate()
    guard !states.isEmpty, states.allSatisfy({ $0.sites == configuration.sites }) else {
      throw SystemError(.invalidState, "an ensemble needs at least one state, all of \(configuration.sites) sites")
    }
    guard states.allSatisfy({ $0.values.allSatisfy(\.isFinite) }), abs(firstTime) <= 1e12 else {
      throw SystemError(.invalidState, "an ensemble needs states and a time that are finite")
    }
    // At a whole number of steps the clock stands as in the run that the states come from, to the last bit.
    let steps = (firstTime / configuration.dt).rounded()
    let isOnStep = abs(steps) < 0x1p53 && abs(steps * configuration.dt - firstTime) <= 1e-9 * configuration.dt
    try self.init(
      states, 0..<states.count, configuration, nextIndex: 0, leadSteps: states.map { _ in 0 }, workers,
      firstTimes: states.map { _ in firstTime }, clock: isOnStep ? Int(steps) : 0,
      startTime: isOnStep ? 0 : firstTime)
  }

  /// The same of a model that does not change in time.
  /// - Throws: `SystemError` when the integrator cannot take the states.
  public init(
    states: [LatticeState], parameters: HolsteinParameters, dt: Double, saveEvery: Int, midInterval: Bool = false,
    firstTime: Double = 0, integrator: Integrator = .rungeKutta4, workers: Int = 1
  ) throws(SystemError) {
    var configuration = EnsembleConfiguration(
      sites: states.first?.sites ?? 4, seed: 0, initialCoupling: parameters.coupling, parameters: parameters, dt: dt,
      saveEvery: saveEvery, midInterval: midInterval)
    configuration.integrator = integrator
    try self.init(configuration, states: states, firstTime: firstTime, workers: workers)
  }

  private init(
    _ states: [LatticeState], _ trajectories: Range<Int>, _ configuration: EnsembleConfiguration, nextIndex: Int,
    leadSteps: [Int], _ workers: Int, firstTimes: [Double]? = nil, clock: Int = 0, startTime: Double = 0
  ) throws(SystemError) {
    layout = LatticeState.layout(sites: configuration.sites)
    parameters = configuration.parameters
    dt = configuration.dt
    saveEvery = configuration.saveEvery
    midInterval = configuration.midInterval
    self.trajectories = trajectories
    self.nextIndex = nextIndex
    self.leadSteps = leadSteps
    self.firstTimes = firstTimes ?? leadSteps.map { Double($0) * configuration.dt }
    let dynamics = LatticeDynamics(
      parameters: configuration.parameters, schedule: configuration.schedule, dt: configuration.dt,
      startTime: startTime)
    let taken = leadSteps.map { clock + (nextIndex == 0 ? 0 : $0 + (nextIndex - 1) * configuration.saveEvery) }
    let splitting = configuration.integrator.splitting
    let size = splitting == nil ? RungeKuttaBlock.lanes : 1
    trajectoriesPerBlock = size
    blocks = []
    for start in stride(from: 0, to: states.count, by: size) {
      let range = start..<min(start + size, states.count)
      if let splitting {
        blocks.append(try SplittingBlock(Array(states[range]), dynamics, splitting, stepsTaken: Array(taken[range])))
      } else {
        blocks.append(RungeKuttaBlock(Array(states[range]), dynamics, stepsTaken: Array(taken[range])))
      }
    }
    self.workers = Workers(count: max(1, min(workers, blocks.count)))
  }

  /// The next frame of every trajectory, in their order; the first call of a new ensemble gives frame 0.
  public mutating func advance() -> [Frame] {
    let index = nextIndex
    nextIndex += 1
    let half = midInterval && index > 0 ? saveEvery / 2 : 0
    if half > 0 { advance { _ in half } }
    let mids = half > 0 ? states : nil
    if index == 0 {
      let leadSteps = leadSteps
      advance { leadSteps[$0] }
    } else {
      let rest = saveEvery - half
      advance { _ in rest }
    }
    return zip(trajectories, states).enumerated().map { k, pair in
      Frame(
        trajectory: pair.0, index: index, time: firstTimes[k] + Double(index * saveEvery) * dt, state: pair.1,
        mid: mids?[k])
    }
  }

  private var states: [State<Double>] {
    (0..<trajectories.count).map {
      State(layout, blocks[$0 / trajectoriesPerBlock].values($0 % trajectoriesPerBlock))
    }
  }

  /// - Parameter steps: By trajectory.
  private mutating func advance(_ steps: @Sendable (_ k: Int) -> Int) {
    let (count, size) = (trajectories.count, trajectoriesPerBlock)
    let workers = workers
    blocks.withUnsafeMutableBufferPointer { blocks in
      let shared = Shared(blocks: blocks)
      workers.split(blocks.count) { _, range in
        for block in range {
          shared.blocks[block].advance(steps: (block * size..<min((block + 1) * size, count)).map(steps))
        }
      }
    }
  }

  /// Steps before the first saved frame.
  private static func leadSteps(_ configuration: EnsembleConfiguration, _ trajectory: Int) -> Int {
    var random = CounterRandom(seed: configuration.seed, purpose: .phase, trajectory: UInt64(trajectory))
    return configuration.preSteps
      + (configuration.phaseOffsets ? Int(random.next() % UInt64(configuration.saveEvery)) : 0)
  }

  /// Frames of a trajectory that times can still tell apart.
  private static let mostFrames = 1 << 32

  private static func numbers(_ sites: Int) -> Int { 2 * sites * sites + 2 * sites }

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let blocks: UnsafeMutableBufferPointer<any TrajectoryBlock>
  }
}
