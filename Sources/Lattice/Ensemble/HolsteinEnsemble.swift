internal import CKernels
internal import Tensors

/// Many trajectories of the Holstein model that advance together, frame by frame.
///
/// Each trajectory is computed alone by the same kernel, so its bits depend neither on its companions nor on the number
/// of workers: any one can be rebuilt from (configuration, number).
public struct HolsteinEnsemble: Sendable {
  public let parameters: HolsteinParameters
  public let dt: Double
  public let saveEvery: Int
  public let midInterval: Bool
  public let trajectories: Range<Int>
  /// Index of the next frame.
  public private(set) var nextIndex = 0
  private let sites: Int
  private let workers: Workers
  private let firstTimes: [Double]
  private var leadSteps: [Int]
  private var states: [[Double]]

  /// Trajectories of a quench, each from its seeded initial state.
  /// - Throws: `LatticeError` for a configuration that makes no sense or a ground state that does not converge.
  public init(_ configuration: EnsembleConfiguration, trajectories: Range<Int>, workers: Int = 1) throws(LatticeError) {
    try configuration.validate()
    var before = configuration.parameters
    before.coupling = configuration.initialCoupling
    let ground =
      configuration.initialCoupling == 0
      ? LatticeState(sites: configuration.sites)
      : try GroundState.chargeDensityWave(sites: configuration.sites, parameters: before)
    var states: [LatticeState] = []
    for trajectory in trajectories {
      states.append(try GroundState.perturbed(ground, before, configuration, trajectory: trajectory))
    }
    let lead = trajectories.map { trajectory in
      var random = CounterRandom(seed: configuration.seed, purpose: .phase, trajectory: UInt64(trajectory))
      let phase = configuration.phaseOffsets ? Int(random.next() % UInt64(configuration.saveEvery)) : 0
      return configuration.preSteps + phase
    }
    self.init(
      states: states, trajectories: trajectories, parameters: configuration.parameters, dt: configuration.dt,
      saveEvery: configuration.saveEvery, midInterval: configuration.midInterval, leadSteps: lead,
      firstTimes: lead.map { Double($0) * configuration.dt }, workers: workers)
  }

  /// Trajectories from given states, numbered from 0.
  public init(
    states: [LatticeState], parameters: HolsteinParameters, dt: Double, saveEvery: Int, midInterval: Bool = false,
    firstTime: Double = 0, workers: Int = 1
  ) {
    self.init(
      states: states, trajectories: 0..<states.count, parameters: parameters, dt: dt, saveEvery: saveEvery,
      midInterval: midInterval, leadSteps: states.map { _ in 0 }, firstTimes: states.map { _ in firstTime },
      workers: workers)
  }

  private init(
    states: [LatticeState], trajectories: Range<Int>, parameters: HolsteinParameters, dt: Double, saveEvery: Int,
    midInterval: Bool, leadSteps: [Int], firstTimes: [Double], workers: Int
  ) {
    precondition(!states.isEmpty, "an ensemble needs a trajectory")
    sites = states[0].sites
    precondition(sites >= 4 && sites % 2 == 0, "the kernel needs an even number of sites, at least 4; got \(sites)")
    self.parameters = parameters
    self.dt = dt
    self.saveEvery = saveEvery
    self.midInterval = midInterval
    self.trajectories = trajectories
    self.leadSteps = leadSteps
    self.firstTimes = firstTimes
    self.workers = Workers(count: max(1, min(workers, states.count)))
    let size = holstein_state_size(sites)
    self.states = states.map { state in
      var packed = [Double](repeating: 0, count: size)
      holstein_pack(state.sites, state.rho, state.q, state.p, &packed)
      return packed
    }
  }

  /// The next frame of every trajectory, in their order; the first call gives frame 0.
  public mutating func advance() -> [Frame] {
    let index = nextIndex
    nextIndex += 1
    let count = states.count
    let midInterval = midInterval && index > 0
    let (sites, parameters, dt, saveEvery, leadSteps) = (sites, parameters, dt, saveEvery, leadSteps)
    let kernel = parameters.kernel
    var mids = [LatticeState?](repeating: nil, count: count)
    states.withUnsafeMutableBufferPointer { states in
      mids.withUnsafeMutableBufferPointer { mids in
        let shared = Shared(states: states, mids: mids)
        workers.split(count) { _, range in
          // On a cache line's edge, which arrays are not: a register's worth then never straddles two lines.
          let size = holstein_state_size(sites)
          let aligned = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 8 * (size + holstein_workspace_size(sites)), alignment: 64)
          defer { aligned.deallocate() }
          let state = aligned.assumingMemoryBound(to: Double.self).baseAddress!
          state.initialize(repeating: 0, count: size + holstein_workspace_size(sites))
          for k in range {
            state.update(from: shared.states[k], count: size)
            defer {
              shared.states[k].withUnsafeMutableBufferPointer {
                _ = $0.update(from: UnsafeBufferPointer(start: state, count: size))
              }
            }
            func run(_ steps: Int) {
              withUnsafePointer(to: kernel) { kernel in
                holstein_rk4(sites, kernel, parameters.disorder, nil, dt, steps, state, state + size)
              }
            }
            if index == 0 {
              run(leadSteps[k])
            } else if midInterval {
              run(saveEvery / 2)
              shared.mids[k] = Self.unpacked(state, sites)
              run(saveEvery - saveEvery / 2)
            } else {
              run(saveEvery)
            }
          }
        }
      }
    }
    return trajectories.enumerated().map { k, trajectory in
      Frame(
        trajectory: trajectory, index: index, time: firstTimes[k] + Double(index * saveEvery) * dt,
        state: Self.unpacked(states[k], sites), mid: mids[k])
    }
  }

  private static func unpacked(_ packed: UnsafePointer<Double>, _ sites: Int) -> LatticeState {
    var state = LatticeState(sites: sites)
    holstein_unpack(sites, packed, &state.rho, &state.q, &state.p)
    return state
  }

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let states: UnsafeMutableBufferPointer<[Double]>
    let mids: UnsafeMutableBufferPointer<LatticeState?>
  }
}
