internal import Climate
internal import Learning
internal import Settings
internal import Streams
internal import Systems
internal import Trajectories

/// Gives verdicts on checkpoints; the truth and the baselines are prepared before the first one and then kept, but for a
/// log, whose newest part is another each time.
struct CheckpointJudge: Sendable {
  private let settings: VerdictSettings
  private let source: any TrajectorySource
  private let plan: Plan
  private let seed: UInt64
  private let isHeldOut: @Sendable (Int) -> Bool
  private let report: @Sendable (String) -> Void
  private var prepared: Prepared?
  /// Why the truth is none: it does not become better by asking again.
  private var refusal: ClimateError?

  /// Where the truth is.
  private enum Plan {
    case heldOut(numbers: [Int], others: [Int])
    /// The part of a log that trainers have not seen yet, in frames.
    case newest(LoggedTrajectories, part: Int)
  }

  private struct Prepared: Sendable {
    var truth: HeldOutTruth
    var random: HeldOutTruth?
    var baselines: [Verdict.Baseline]
    var probe: LyapunovProbe?
    var truthExponents: [LargestExponent?]
    var predictability: Double?
    var parity: ForceParity?
  }

  /// - Throws: `RunError` when there is no source of truth, or its held-out trajectories are too few or too short.
  init(_ settings: VerdictSettings, node: String, in assembly: PipelineAssembly) throws {
    guard let source = assembly.trajectorySource(settings.truth) else {
      throw RunError(
        .badInput, "verdict \(node): there is no source of frames `\(settings.truth ?? "")`; name one with `truth:`")
    }
    self.settings = settings
    self.source = source
    seed = assembly.description.seed
    isHeldOut = { [assembly] in assembly.isHeldOut($0) }
    report = { [assembly] in assembly.events.send(.message($0)) }
    // Names that there are none of are said now; the observables of a log have their units with its first frame.
    _ = try ClimateObservables.named(settings.observables, of: source.system)
    if let log = source as? LoggedTrajectories {
      plan = .newest(log, part: try settings.newestPart(node, in: assembly))
      return
    }
    func fail(_ key: String, _ message: String) -> ConfigurationError {
      ConfigurationError([
        .init(file: assembly.description.name, path: "stages.\(node).verdict.\(key)", message: message)
      ])
    }
    let needed = settings.start + settings.horizon + 1
    let longest = source.order?.framesPerTrajectory ?? .max
    guard needed <= longest else {
      throw fail(
        "horizon",
        "start \(settings.start) plus horizon \(settings.horizon) needs \(needed) frames, trajectories have \(longest)")
    }
    if settings.randomStarts > 0, settings.randomHorizon(of: longest) >= longest {
      throw fail(
        "random-horizon",
        "a rollout of \(settings.randomHorizon(of: longest)) frames from a random start needs \(settings.randomHorizon(of: longest) + 1) frames, trajectories have \(longest)"
      )
    }
    // A recorded source has only so many; they are chosen from what there is.
    let all = assembly.heldOut(2 * settings.rollouts, of: source, frames: needed)
    guard !all.isEmpty else {
      throw RunError(
        .badInput,
        "verdict \(node): of \(source.trajectories ?? 0) trajectories none with \(needed) frames is held out; every \(assembly.description.heldOutOneIn)th is (`held-out-one-in`), so give that a smaller number, or `horizon` one"
      )
    }
    let numbers = Array(all.prefix(settings.rollouts))
    if numbers.count < settings.rollouts {
      report(
        "\(node): judging by \(numbers.count) rollouts instead of \(settings.rollouts): there are no more held-out trajectories"
      )
    }
    let others = all.dropFirst(settings.rollouts)
    plan = .heldOut(
      numbers: numbers, others: settings.hasReference && others.count == numbers.count ? Array(others) : [])
  }

  /// - Throws: `LearningError` for a file that cannot be read, and what the source throws.
  mutating func verdict(on file: CheckpointFile) throws -> Verdict {
    try LoggedUnits.check(file.url, against: source.system, in: "the truth")
    return try verdict(on: ModelCatalogue.model(contentsOf: file.url), name: file.name, step: file.step)
  }

  mutating func verdict(on model: any SurrogateModel, name: String, step: Int) throws -> Verdict {
    var prepared: Prepared
    switch plan {
    case .newest: prepared = try prepare()
    case .heldOut:
      if let refusal { throw refusal }
      if self.prepared == nil {
        do { self.prepared = try prepare() } catch let error as ClimateError {
          refusal = error
          throw error
        }
      }
      prepared = self.prepared!
    }
    let random = try prepared.random.map { try rollouts(of: model, over: $0, prepared.predictability) }
    let lyapunov = try prepared.probe.map { probe in
      probe.comparison(
        model: try ModelExponents.exponents(of: model, probe, over: prepared.truth.truth),
        truth: prepared.truthExponents)
    }
    var verdict = Verdict(
      checkpoint: name, step: step, try rollouts(of: model, over: prepared.truth, prepared.predictability),
      metrics: settings.metrics, baselines: prepared.baselines, randomStarts: random, lyapunov: lyapunov)
    if model is ForceFieldModel, prepared.parity == nil {
      prepared.parity = ForceParity(
        prepared.truth.truth, system: source.system, split: settings.forceSplit, workers: settings.cores)
      if self.prepared != nil { self.prepared = prepared }
    }
    try prepared.parity?.judge(model, into: &verdict)
    return verdict
  }

  /// Why there is no truth to judge by yet; nil where there is, or where waiting would not bring it.
  var waitsForTruth: String? {
    guard case .newest(let log, let part) = plan, !log.hasEnded,
      HeldOutTruth.newest(settings.rollouts, of: log, part: part, horizon: settings.horizon).isEmpty
    else { return nil }
    return "the log has no unbroken stretch of \(settings.horizon + 1) frames yet"
  }

  /// Returns when the log has brought enough to judge by, or has ended.
  func waitForTruth() async {
    guard case .newest(let log, _) = plan else { return }
    while case let seen = log.arrivals, waitsForTruth != nil {
      guard await log.grows(beyond: seen, to: settings.horizon + 1) else { return }
    }
  }

  private func rollouts(of model: any SurrogateModel, over held: HeldOutTruth, _ predictability: Double?) throws
    -> Rollouts
  {
    Rollouts(
      held.truth, model: try model.rollouts(over: held, workers: settings.cores), validThreshold: settings.threshold,
      predictability: predictability, resamples: settings.resamples, seed: seed)
  }

  private func prepare() throws -> Prepared {
    let (truth, random) = try truths()
    // From where the rollouts end: there the truth has had the most time to settle on its attractor.
    let ends = zip(truth.truth.states, truth.endTimes).prefix(4)
    var probe: LyapunovProbe?
    if settings.measuresLyapunov {
      probe = LyapunovProbe(
        starts: ends.map { .init(state: $0[$0.count - 1].values, time: $1) }, frames: settings.lyapunovFrames,
        interval: source.interval)
    }
    let exponents = try probe.map(truthExponents) ?? []
    let predictability = settings.predictability ?? LyapunovProbe.predictability(exponents)
    let models = FittedBaselines.models(
      of: source, frames: settings.baselineFrames, seed: seed, isHeldOut: isHeldOut, readable: readable,
      report: report)
    let baselines = try models.map { name, model in
      Verdict.Baseline(name, try rollouts(of: model, over: truth, predictability), metrics: settings.metrics)
    }
    return Prepared(
      truth: truth, random: random, baselines: baselines, probe: probe, truthExponents: exponents,
      predictability: predictability)
  }

  /// What baselines may be fitted to: of a log what trainers may have seen as well.
  private func readable(_ trajectory: Int) -> Range<Int>? {
    guard case .newest(let log, let part) = plan else { return source.length(trajectory).map { 0..<$0 } }
    return log.kept(trajectory).map { $0.dropLast(part) }
  }

  private func truths() throws -> (fixed: HeldOutTruth, random: HeldOutTruth?) {
    let observables = try ClimateObservables.named(settings.observables, of: source.system)
    switch plan {
    case .heldOut(let numbers, let others):
      func places(_ numbers: [Int]) -> [HeldOutTruth.Place] {
        numbers.map { HeldOutTruth.Place(trajectory: $0, start: settings.start) }
      }
      let fixed = try HeldOutTruth(
        source, places(numbers), horizon: settings.horizon, memory: HeldOutTruth.longestMemory,
        reference: places(others), observables: observables)
      guard settings.randomStarts > 0 else { return (fixed, nil) }
      let horizon = settings.randomHorizon(of: numbers.map { source.length($0) ?? 0 }.min() ?? 0)
      let starts = HeldOutTruth.random(
        settings.randomStarts, of: source, numbers: numbers, horizon: horizon, seed: seed)
      return (
        fixed,
        try HeldOutTruth(
          source, starts, horizon: horizon, memory: HeldOutTruth.longestMemory, observables: observables)
      )
    case .newest(let log, let part):
      let places = HeldOutTruth.newest(settings.rollouts, of: log, part: part, horizon: settings.horizon)
      guard !places.isEmpty else {
        throw TooEarly(
          reason: "the log has no unbroken stretch of \(settings.horizon + 1) frames yet, which a verdict needs")
      }
      return (try HeldOutTruth(source, places, horizon: settings.horizon, observables: observables), nil)
    }
  }

  /// The truth's exponents by its own equations, step and integrator, from each state at its own time; none without
  /// equations.
  private func truthExponents(_ probe: LyapunovProbe) throws -> [LargestExponent?] {
    guard let system = source.system as? any DynamicalSystem else { return [] }
    let ratio = (source.interval / system.dt).rounded()
    guard ratio < 1e9 else {
      throw RunError(
        .badInput,
        "the truth's frames are \(source.interval) apart, which is \(ratio) of its system's steps of \(system.dt); its exponents cannot be computed"
      )
    }
    let steps = max(1, Int(ratio))
    return try probe.exponents { _ in
      { state, time in
        var values = state
        system.advance(&values, from: time, steps: steps)
        return values
      }
    }
  }

  /// There is not enough of a log yet.
  struct TooEarly: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
  }
}
