/// Series of a truth and of another, cut to one window, and what their distances are held against.
struct ClimateWindow: Sendable {
  /// Of the observables, sorted.
  let names: [String]
  let frames: Int
  /// By observable, (B, T) each.
  let truth: [String: [[Double]]]
  let other: [String: [[Double]]]
  /// Other truth of the window's length; nil when there is none.
  let reference: [String: [[Double]]]?
  /// Trajectories of the other that diverged: of rollouts by any observable (`Divergence`), of an independent set those
  /// that are not finite.
  let divergent: Set<Int>
  /// Those of an independent set that range over more than any of the truth, by the same rule.
  let wider: Set<Int>
  let context: DistanceContext
  private let paired: Bool
  private let resamples: Int

  /// - Parameters:
  ///   - reference: One that is shorter than the window would measure another window, and is left out.
  ///   - paired: Trajectory k of the other starts where trajectory k of the truth does.
  ///   - areRollouts: The other is predicted, and not a set of its own.
  ///   - limits: Ranges beyond which a rollout has diverged; by the series alone when nil.
  init(
    truth: [String: [[Double]]], other: [String: [[Double]]], reference: [String: [[Double]]]?, paired: Bool,
    areRollouts: Bool, limits: [String: Double]? = nil, resamples: Int, context: DistanceContext
  ) {
    let names = truth.keys.sorted()
    let frames = (Array(truth.values) + Array(other.values)).flatMap { $0.map(\.count) }.min() ?? 0
    func cut(_ series: [String: [[Double]]]) -> [String: [[Double]]] {
      Dictionary(uniqueKeysWithValues: names.map { ($0, (series[$0] ?? []).map { Array($0.prefix(frames)) }) })
    }
    self.names = names
    self.frames = frames
    let a = cut(truth)
    let b = cut(other)
    (self.truth, self.other) = (a, b)
    self.reference = reference.flatMap { reference in
      names.allSatisfy { name in !(reference[name] ?? []).isEmpty && reference[name]!.allSatisfy { $0.count >= frames }
      }
        ? cut(reference) : nil
    }
    let beyond = Set(
      names.flatMap { Divergence.divergent(b[$0]!, limit: limits?[$0] ?? Divergence.limit(a[$0]!)) })
    let broken = Set(names.flatMap { Divergence.divergent(b[$0]!, limit: .infinity) })
    divergent = areRollouts ? beyond : broken
    wider = areRollouts ? [] : beyond.subtracting(broken)
    self.paired = paired
    self.resamples = resamples
    self.context = context
  }

  init(_ rollouts: Rollouts) {
    self.init(
      truth: rollouts.truth.series, other: rollouts.series, reference: rollouts.truth.reference, paired: true,
      areRollouts: true, limits: rollouts.truth.limits, resamples: rollouts.resamples,
      context: DistanceContext(seed: rollouts.seed))
  }

  func distance(_ metric: any ObservableDistance, of name: String) -> ClimateDistance {
    let x = truth[name]!
    return judged(
      metric.distance(x, other[name]!, context), floor: metric.distance(x, reference?[name] ?? x, context))
  }

  func distance(_ metric: any StateSpaceDistance) -> ClimateDistance? {
    let x = points(truth)
    guard let measured = metric.distance(x, points(other), context),
      let floor = metric.distance(x, reference.map(points) ?? x, context)
    else { return nil }
    return judged(measured, floor: floor)
  }

  /// Points in the space of all observables, (B, T, D).
  private func points(_ series: [String: [[Double]]]) -> StateSpaceDivergence.Points {
    let columns = names.map { series[$0]! }
    return (0..<(columns.map(\.count).min() ?? 0)).map { trajectory in
      (0..<frames).map { t in columns.map { $0[trajectory][t] } }
    }
  }

  private func judged(_ measured: EnsembleDistance, floor: EnsembleDistance) -> ClimateDistance {
    let value = measured.value
    let error = measured.standardError(resamples: resamples, paired: paired, seed: context.seed)
    let noise = reference != nil ? floor.value : floor.betweenHalves(splits: 8, seed: context.seed)
    let count = min(measured.trajectories.truth, measured.trajectories.other)
    var further: Int?
    if let error, value > 0, value.isFinite {
      // The error falls with the root of the number of trajectories.
      let wanted = Double(count) * (error / (0.2 * value)) * (error / (0.2 * value))
      further = wanted.isFinite ? max(0, Int(min(wanted, 1e9).rounded(.up)) - count) : nil
    } else if count < 2 {
      further = 2 - count
    }
    let survivors = Set(0..<measured.trajectories.other).subtracting(divergent)
    return ClimateDistance(
      estimator: measured.estimator, value: value, standardError: error, noiseFloor: noise,
      noiseFloorSource: noise == nil ? nil : reference != nil ? "other truth" : "halves of the truth, mean of 8 splits",
      survivors: divergent.isEmpty || survivors.isEmpty ? nil : measured.value(survivors: survivors),
      furtherTrajectories: further, outside: measured.outside, note: measured.note)
  }
}
