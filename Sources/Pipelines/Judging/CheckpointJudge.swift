internal import Climate
internal import Settings
internal import Systems
internal import Learning
internal import Streams

/// Gives verdicts on checkpoints; the truth and the baselines are prepared before the first one and then kept.
struct CheckpointJudge: Sendable {
  private let settings: VerdictSettings
  private let source: any FrameSource
  private let numbers: [Int]
  private let others: [Int]
  private let seed: UInt64
  private let isHeldOut: @Sendable (Int) -> Bool
  private let report: @Sendable (String) -> Void
  private var prepared: Prepared?

  private struct Prepared: Sendable {
    var truth: HeldOutTruth
    var random: HeldOutTruth?
    var baselines: [Verdict.Baseline]
    var probe: LyapunovProbe?
    var truthExponents: [LargestExponent?]
    var predictability: Double?
  }

  /// - Throws: `RunError` when there is no source of truth, `ConfigurationError` when its trajectories are too short.
  init(_ settings: VerdictSettings, node: String, in assembly: PipelineAssembly) throws {
    guard let source = assembly.frameSource(settings.truth) else {
      throw RunError(
        .badInput, "verdict \(node): there is no source of frames `\(settings.truth ?? "")`; name one with `truth:`")
    }
    func need(_ frames: Int, _ key: String, _ what: String) throws {
      guard frames < source.framesPerTrajectory else {
        throw ConfigurationError([
          .init(
            file: assembly.description.name, path: "stages.\(node).verdict.\(key)",
            message: "\(what) needs \(frames + 1) frames, trajectories have \(source.framesPerTrajectory)")
        ])
      }
    }
    try need(
      settings.start + settings.horizon, "horizon", "start \(settings.start) plus horizon \(settings.horizon)")
    let randomHorizon = settings.randomHorizon(of: source.framesPerTrajectory)
    if settings.randomStarts > 0 {
      try need(randomHorizon, "random-horizon", "a rollout of \(randomHorizon) frames from a random start")
    }
    self.settings = settings
    self.source = source
    let all = assembly.heldOut(2 * settings.rollouts)
    numbers = Array(all[..<settings.rollouts])
    others = settings.hasReference ? Array(all[settings.rollouts...]) : []
    seed = assembly.description.seed
    isHeldOut = { [assembly] in assembly.isHeldOut($0) }
    report = { [assembly] in assembly.events.send(.message($0)) }
  }

  /// - Throws: `LearningError` for a file that cannot be read, and what the source throws.
  mutating func verdict(on file: CheckpointFile) throws -> Verdict {
    try verdict(on: Checkpoint(contentsOf: file.url).surrogate(), name: file.name, step: file.step)
  }

  mutating func verdict(on model: any SurrogateModel, name: String, step: Int) throws -> Verdict {
    if prepared == nil { prepared = try prepare() }
    let prepared = prepared!
    let truth = prepared.truth.fixed
    let predictions = try model.rollouts(over: truth, workers: settings.cores)
    let random = try prepared.random.map { random in
      ShortTerm(
        starts: random.random.map(\.start), truth: random.random.map(\.states),
        model: try model.rollouts(over: random.random, workers: settings.cores), timeStep: source.interval,
        validThreshold: settings.threshold, predictability: prepared.predictability)
    }
    let lyapunov = try prepared.probe.map { probe in
      LyapunovComparison(
        estimator: LyapunovProbe.estimator, model: try probe.exponents(of: model), truth: prepared.truthExponents,
        frames: probe.frames)
    }
    return Verdict(
      checkpoint: name, step: step, truth: truth.map(\.states), model: predictions, timeStep: source.interval,
      parameters: source.parameters, judged: prepared.baselines, reference: prepared.truth.reference,
      randomStarts: random, lyapunov: lyapunov, predictability: prepared.predictability,
      validThreshold: settings.threshold, resamples: settings.resamples, seed: seed)
  }

  private func prepare() throws -> Prepared {
    let truth = try HeldOutTruth(
      source, numbers: numbers, others: others, start: settings.start, horizon: settings.horizon, randomStarts: 0,
      seed: seed)
    let random =
      settings.randomStarts == 0
      ? nil
      : try HeldOutTruth(
        source, numbers: numbers, others: [], start: 0, horizon: settings.randomHorizon(of: source.framesPerTrajectory),
        randomStarts: settings.randomStarts, seed: seed)
    // From where the rollouts end: there the truth has had the most time to settle on its attractor.
    let probe =
      settings.measuresLyapunov
      ? LyapunovProbe(
        starts: truth.fixed.prefix(4).map { $0.states[$0.states.count - 1] }, frames: settings.lyapunovFrames,
        parameters: source.parameters, interval: source.interval)
      : nil
    let exponents = probe?.truth() ?? []
    let predictability = settings.predictability ?? LyapunovProbe.predictability(exponents)
    let models = FittedBaselines.models(
      of: source, frames: settings.baselineFrames, seed: seed, isHeldOut: isHeldOut, report: report)
    let baselines = try models.map { name, model in
      Verdict.Baseline(
        name: name, truth: truth.fixed.map(\.states),
        states: try model.rollouts(over: truth.fixed, workers: settings.cores),
        reference: truth.reference, timeStep: source.interval, validThreshold: settings.threshold,
        predictability: predictability, seed: seed)
    }
    return Prepared(
      truth: truth, random: random, baselines: baselines, probe: probe, truthExponents: exponents,
      predictability: predictability)
  }
}
