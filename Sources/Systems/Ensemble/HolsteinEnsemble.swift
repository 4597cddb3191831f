internal import Tensors

/// Many trajectories of the Holstein model that advance together, frame by frame.
///
/// The bits of a trajectory depend neither on its companions nor on the number of workers: any one can be rebuilt alone
/// from (configuration, number).
public struct HolsteinEnsemble: Sendable {
  public let parameters: HolsteinParameters
  public let dt: Double
  public let saveEvery: Int
  public let midInterval: Bool
  public let trajectories: Range<Int>
  /// Index of the next frame.
  public private(set) var nextIndex: Int
  private let workers: Workers
  private let firstTimes: [Double]
  private let leadSteps: [Int]
  private var blocks: [any TrajectoryBlock]
  private let trajectoriesPerBlock: Int

  /// Trajectories of a quench, each from its seeded initial state.
  /// - Throws: `LatticeError` for a configuration that makes no sense or a ground state that does not converge.
  public init(_ configuration: EnsembleConfiguration, trajectories: Range<Int>, workers: Int = 1) throws(LatticeError) {
    try configuration.validate()
    let states = try GroundState.initialStates(configuration, trajectories: trajectories)
    try self.init(
      states, trajectories, configuration, nextIndex: 0,
      leadSteps: trajectories.map { Self.leadSteps(configuration, $0) }, workers)
  }

  /// The same trajectories from frames that were saved: with RK4 and frames in double precision, to the same bits as if
  /// they had not been interrupted. (The splittings keep orbitals, which a frame determines to round-off only.)
  /// - Parameter frames: The last saved frame of each trajectory; numbers contiguous, one common index.
  /// - Throws: `LatticeError` for a configuration that makes no sense.
  public init(_ configuration: EnsembleConfiguration, resumingFrom frames: [Frame], workers: Int = 1)
    throws(LatticeError)
  {
    try configuration.validate()
    guard let first = frames.first, frames.enumerated().allSatisfy({ $1.trajectory == first.trajectory + $0 }),
      frames.allSatisfy({ $0.index == first.index && $0.state.sites == configuration.sites })
    else {
      throw LatticeError(
        .invalidParameter,
        "an ensemble goes on from one frame of each trajectory, in order and with the same index and number of sites")
    }
    let trajectories = first.trajectory..<(first.trajectory + frames.count)
    try self.init(
      frames.map(\.state), trajectories, configuration, nextIndex: first.index + 1,
      leadSteps: trajectories.map { Self.leadSteps(configuration, $0) }, workers)
  }

  /// Trajectories from given states, numbered from 0.
  /// - Throws: `LatticeError` when the integrator cannot take the states.
  public init(
    states: [LatticeState], parameters: HolsteinParameters, dt: Double, saveEvery: Int, midInterval: Bool = false,
    firstTime: Double = 0, integrator: Integrator = .rungeKutta4, workers: Int = 1
  ) throws(LatticeError) {
    precondition(!states.isEmpty, "an ensemble needs a trajectory")
    var configuration = EnsembleConfiguration(
      sites: states[0].sites, seed: 0, initialCoupling: parameters.coupling, parameters: parameters, dt: dt,
      saveEvery: saveEvery, midInterval: midInterval)
    configuration.integrator = integrator
    try configuration.validate()
    try self.init(
      states, 0..<states.count, configuration, nextIndex: 0, leadSteps: states.map { _ in 0 }, workers,
      firstTimes: states.map { _ in firstTime })
  }

  private init(
    _ states: [LatticeState], _ trajectories: Range<Int>, _ configuration: EnsembleConfiguration, nextIndex: Int,
    leadSteps: [Int], _ workers: Int, firstTimes: [Double]? = nil
  ) throws(LatticeError) {
    precondition(!states.isEmpty, "an ensemble needs a trajectory")
    parameters = configuration.parameters
    dt = configuration.dt
    saveEvery = configuration.saveEvery
    midInterval = configuration.midInterval
    self.trajectories = trajectories
    self.nextIndex = nextIndex
    self.leadSteps = leadSteps
    self.firstTimes = firstTimes ?? leadSteps.map { Double($0) * configuration.dt }
    let dynamics = LatticeDynamics(
      parameters: configuration.parameters, schedule: configuration.schedule, dt: configuration.dt)
    let taken = leadSteps.map { nextIndex == 0 ? 0 : $0 + (nextIndex - 1) * configuration.saveEvery }
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

  private var states: [LatticeState] {
    (0..<trajectories.count).map { blocks[$0 / trajectoriesPerBlock].state($0 % trajectoriesPerBlock) }
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

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let blocks: UnsafeMutableBufferPointer<any TrajectoryBlock>
  }
}
