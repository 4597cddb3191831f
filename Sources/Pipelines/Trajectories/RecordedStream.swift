internal import Systems
internal import Trajectories

/// The stream of a run's source once more, from any place in it.
struct RecordedStream {
  private let source: RecordedTrajectories
  private let order: StreamOrder
  /// What was simulated, and held against the laws of the system; nil for what was recorded.
  private let simulated: SimulatedTrajectories?
  private var round: Int
  /// Rounds that there are; nil without end.
  private let rounds: Int?
  private var ready: [Frame] = []
  private var live: (ensemble: any Ensemble, contract: FrameContract)?
  /// Next frame index of the round.
  private var index = 0
  /// Where frames have come from so far.
  private(set) var usesStore = false
  private(set) var usesSimulator = false

  /// Frames of a trajectory that are read at once.
  private static let block = 32

  /// - Parameter round: The first ensemble, or the first pass over a store.
  init(_ source: RecordedTrajectories, order: StreamOrder, startingAt round: Int, of rounds: Int? = nil) {
    self.source = source
    self.order = order
    self.round = round
    self.rounds = rounds
    simulated = source.base as? SimulatedTrajectories
  }

  /// The next frame; nil at the end of what can be had again.
  mutating func next() throws -> Frame? {
    while ready.isEmpty {
      if index >= order.framesPerTrajectory {
        index = 0
        round += 1
        live = nil
      }
      if let rounds, round >= rounds { return nil }
      guard try fill() else { return nil }
    }
    return ready.removeLast()
  }

  /// Makes the frames of the next indices ready, last one first.
  private mutating func fill() throws -> Bool {
    guard let simulated else { return try fillFromRecord() }
    let trajectories = (round * order.abreast)..<((round + 1) * order.abreast)
    if live == nil {
      let stored = trajectories.map { source.storedFrames(of: $0) }.min() ?? 0
      let end = min(index + Self.block, order.framesPerTrajectory, stored)
      if end > index {
        let columns = try trajectories.map { try source.frames(of: $0, index..<end) }
        ready = (0..<(end - index)).flatMap { k in columns.map { $0[k] } }.reversed()
        index = end
        usesStore = true
        return true
      }
      // The next frames were refused, or are not stored. The simulator tells which, from the start of the ensemble.
      live = (try simulated.ensemble(round), FrameContract(simulated.system.invariants))
      usesSimulator = true
      for _ in 0..<index { _ = try soundFrames() }
    }
    ready = try soundFrames().reversed()
    index += 1
    return true
  }

  /// Of ragged trajectories each has its own length: a shorter one brings nothing where longer ones go on.
  private mutating func fillFromRecord() throws -> Bool {
    let end = min(index + Self.block, order.framesPerTrajectory)
    let columns = try (0..<order.abreast).map { trajectory in
      let own = min(end, source.length(trajectory) ?? 0)
      return own > index ? try source.frames(of: trajectory, index..<own) : []
    }
    // As the replay did, without frames that hold no numbers.
    ready = (0..<(end - index)).flatMap { k in
      columns.compactMap { k < $0.count && $0[k].isFinite ? $0[k] : nil }
    }.reversed()
    index = end
    usesStore = true
    return true
  }

  /// The next frame of every trajectory that the simulator makes, but for those that break a law.
  private mutating func soundFrames() throws -> [Frame] {
    var sound: [Frame] = []
    for frame in try live!.ensemble.advance() where live!.contract.violation(of: frame) == nil { sound.append(frame) }
    return sound
  }
}
