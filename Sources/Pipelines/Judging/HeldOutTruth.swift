internal import Climate
internal import Systems
internal import Learning
internal import Tensors

/// The truth that checkpoints are judged by: held-out trajectories, read once, and where rollouts begin in them.
struct HeldOutTruth: Sendable {
  /// A stretch of a trajectory: some states before the start, the start, and what really came after it.
  struct Window: Sendable {
    var start: ShortTerm.Start
    /// Shown to models that remember; empty at the beginning of a trajectory.
    var before: [LatticeState]
    /// The start and the truth after it.
    var states: [LatticeState]
  }

  /// Frames that a model with a memory is shown.
  static let warmUp = 8

  /// One window of each trajectory, all from the same frame.
  let fixed: [Window]
  /// Windows from frames drawn at random.
  let random: [Window]
  /// Order parameters of as many other held-out trajectories over the same frames, where the source has them.
  let reference: [String: [[Double]]]?

  /// - Parameters:
  ///   - numbers: Held-out trajectories.
  ///   - others: As many others, for the noise floor; none are read when empty.
  ///   - randomStarts: How many windows to draw.
  ///   - seed: Of the run.
  /// - Throws: What the source throws when it has no such frames.
  init(
    _ source: any FrameSource, numbers: [Int], others: [Int], start: Int, horizon: Int, randomStarts: Int, seed: UInt64
  ) throws {
    let length = randomStarts > 0 ? source.framesPerTrajectory : start + horizon + 1
    let first = randomStarts > 0 ? 0 : max(0, start - Self.warmUp)
    let trajectories = try numbers.map { try source.frames(of: $0, first..<length).map(\.state) }
    func window(_ index: Int, _ start: Int) -> Window {
      let states = trajectories[index]
      let at = start - first
      return Window(
        start: .init(trajectory: numbers[index], frame: start),
        before: Array(states[max(0, at - Self.warmUp)..<at]), states: Array(states[at...(at + horizon)]))
    }
    fixed = trajectories.indices.map { window($0, start) }
    random = (0..<randomStarts).map { number in
      // A stream for each start, so that more starts do not move the ones before them.
      var generator = CounterRandom(seed: seed, purpose: .evaluation, trajectory: UInt64(number))
      let index = Int(generator.next() % UInt64(trajectories.count))
      return window(index, Int(generator.next() % UInt64(length - horizon)))
    }
    // A store may hold no further trajectories; the halves of the truth then have to do.
    let further = try? others.map { try source.frames(of: $0, start..<(start + horizon + 1)).map(\.state) }
    reference = further.flatMap { $0.isEmpty ? nil : Verdict.orderParameters($0) }
  }
}

extension SurrogateModel {
  /// Predictions over windows, each beginning with the true start; as many at once as there are workers.
  /// - Throws: `LearningError` when the model cannot run at this size.
  func rollouts(over windows: [HeldOutTruth.Window], workers: Int) throws -> [[LatticeState]] {
    guard let sites = windows.first?.states[0].sites else { return [] }
    let predictors = try windows.map { _ in try Handed(predictor(sites: sites)) }
    var rollouts = [[LatticeState]](repeating: [], count: windows.count)
    rollouts.withUnsafeMutableBufferPointer { rollouts in
      let places = Handed(rollouts)
      Workers(count: max(1, min(workers, windows.count))).split(windows.count) { _, range in
        for k in range {
          let predictor = predictors[k].value
          for state in windows[k].before { predictor.observe(SurrogateState(state)) }
          places.value[k] = predictor.rollout(
            from: SurrogateState(windows[k].states[0]), steps: windows[k].states.count - 1
          ).map(\.lattice)
        }
      }
    }
    return rollouts
  }
}

/// Something that one thread at a time uses, because each worker has a place of its own.
private struct Handed<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
