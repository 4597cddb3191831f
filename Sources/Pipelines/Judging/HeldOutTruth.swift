internal import Climate
internal import Learning
internal import Tensors
internal import Trajectories

/// The truth that checkpoints are judged by: stretches of trajectories, and what came before each.
struct HeldOutTruth: Sendable {
  /// Where a rollout begins, and how many frames of truth follow.
  struct Place: Sendable, Equatable {
    var trajectory: Int
    var start: Int
  }

  /// Frames that are kept for models with a memory: of a log, whose earlier frames may be forgotten, and of other truth.
  static let warmUp = 8
  static let longestMemory = 256

  let truth: RolloutTruth
  /// By rollout: shown to models that remember; empty at the beginning of a trajectory.
  let before: [[State<Float>]]
  /// By rollout, of its last state.
  let endTimes: [Double]

  /// Reads the stretches.
  /// - Parameters:
  ///   - memory: Frames that are kept before each stretch.
  ///   - reference: As many other stretches, for the noise floor; none where they cannot be had.
  /// - Throws: `ClimateError` for truth that is not finite or breaks a law; what the source throws when it lacks frames.
  init(
    _ source: any TrajectorySource, _ places: [Place], horizon: Int, memory: Int = warmUp, reference: [Place] = [],
    observables: [Observable]? = nil
  ) throws {
    var states: [[State<Double>]] = []
    var before: [[State<Float>]] = []
    var endTimes: [Double] = []
    for place in places {
      let first = max(0, place.start - memory)
      let frames = try source.frames(of: place.trajectory, first..<(place.start + horizon + 1))
      before.append(frames.prefix(place.start - first).map(\.state.single))
      states.append(frames.dropFirst(place.start - first).map(\.state))
      endTimes.append(frames[frames.count - 1].time)
    }
    self.before = before
    self.endTimes = endTimes
    let system = source.system
    let looked = observables ?? system.observables
    // A store may hold no further trajectories; the halves of the truth then have to do.
    let further = try? reference.map {
      try source.frames(of: $0.trajectory, $0.start..<($0.start + horizon + 1)).map(\.state)
    }
    truth = try RolloutTruth(
      of: system, observables: looked,
      starts: places.map { RolloutTruth.Start(trajectory: $0.trajectory, frame: $0.start) }, states: states,
      reference: further.flatMap { $0.isEmpty ? nil : RolloutTruth.series(of: looked, $0) }, interval: source.interval,
      timeUnit: source.timeUnit)
  }

  /// Starts drawn at random from held-out trajectories, uniformly over all that leave room for the horizon.
  static func random(
    _ count: Int, of source: any TrajectorySource, numbers: [Int], horizon: Int, seed: UInt64
  ) -> [Place] {
    (0..<count).map { number in
      // A stream for each start, so that more starts do not move the ones before them.
      var generator = CounterRandom(seed: seed, purpose: .evaluation, trajectory: UInt64(number))
      let trajectory = numbers[Int(generator.next() % UInt64(numbers.count))]
      let room = max(1, (source.length(trajectory) ?? 0) - horizon)
      return Place(trajectory: trajectory, start: Int(generator.next() % UInt64(room)))
    }
  }

  /// Starts in the newest part of a log, one behind the other: the rolling origin. Fewer where the part is too short.
  /// - Parameter part: Frames at the end of each trajectory that no model has learnt from yet.
  static func newest(_ count: Int, of log: LoggedTrajectories, part: Int, horizon: Int) -> [Place] {
    guard let stretch = log.newest(horizon + 1).first else { return [] }
    // Behind what a model with a memory is shown, where the frames before it are forgotten.
    let kept = stretch.frames.lowerBound + (stretch.frames.lowerBound > 0 ? warmUp : 0)
    let first = max(kept, stretch.frames.upperBound - part)
    let last = stretch.frames.upperBound - 1 - horizon
    guard last >= first else { return [] }
    let starts = (0..<count).map { count == 1 ? last : first + (last - first) * $0 / (count - 1) }
    return Set(starts).sorted().map { Place(trajectory: stretch.trajectory, start: $0) }
  }
}

extension SurrogateModel {
  /// Predictions from the same starts as the truth; as many at once as there are workers.
  /// - Throws: `LearningError` when the model cannot run on such states.
  func rollouts(over held: HeldOutTruth, workers: Int) throws -> [[State<Double>]] {
    let truth = held.truth.states
    guard let layout = truth.first?.first?.layout else { return [] }
    let memory = memory
    let predictors = try truth.map { _ in try Handed(predictor(for: layout)) }
    var rollouts = [[State<Double>]](repeating: [], count: truth.count)
    rollouts.withUnsafeMutableBufferPointer { rollouts in
      let places = Handed(rollouts)
      Workers(count: max(1, min(workers, truth.count))).split(truth.count) { _, range in
        for k in range {
          let predictor = predictors[k].value
          for state in held.before[k].suffix(memory) { predictor.observe(state) }
          places.value[k] = predictor.rollout(from: truth[k][0].single, steps: truth[k].count - 1).map(\.double)
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
