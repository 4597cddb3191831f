internal import Systems

/// The stream of a run's source once more, from any place in it.
struct RecordedStream {
  private let source: RecordedTrajectories
  private let order: StreamOrder
  /// Whether the frames were simulated, and held against the laws of physics.
  private let isSimulated: Bool
  private var round: Int
  /// Rounds that there are; nil without end.
  private let rounds: Int?
  private var ready: [Frame] = []
  private var live: (ensemble: HolsteinEnsemble, contract: FrameContract)?
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
    isSimulated = source.base is SimulatedTrajectories
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
    let trajectories = isSimulated ? (round * order.abreast)..<((round + 1) * order.abreast) : 0..<order.abreast
    if live == nil {
      var end = min(index + Self.block, order.framesPerTrajectory)
      if isSimulated { end = min(end, trajectories.map { source.storedFrames(of: $0) }.min() ?? 0) }
      if end > index {
        let columns = try trajectories.map { try source.frames(of: $0, index..<end) }
        ready = (0..<(end - index)).flatMap { k in columns.map { $0[k] } }.reversed()
        index = end
        usesStore = true
        return true
      }
      // The next frames were refused, or are not stored. The simulator tells which, from the start of the ensemble.
      guard let simulated = source.base as? SimulatedTrajectories else { return false }
      live = (
        try HolsteinEnsemble(simulated.configuration, trajectories: trajectories), FrameContract(simulated.parameters)
      )
      usesSimulator = true
      for _ in 0..<index { _ = soundFrames() }
    }
    ready = soundFrames().reversed()
    index += 1
    return true
  }

  /// The next frame of every trajectory that the simulator makes, but for those that break a law.
  private mutating func soundFrames() -> [Frame] {
    var sound: [Frame] = []
    for frame in live!.ensemble.advance() where live!.contract.violation(of: frame) == nil { sound.append(frame) }
    return sound
  }
}
