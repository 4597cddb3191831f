internal import Foundation
internal import Learning
internal import Streams
internal import Tensors
internal import Trajectories

/// Turns a stream of frames into optimizer steps: windows, reservoir, trainer, by count and never by the clock.
///
/// Step n is taken once `warmUp + n · framesPerStep` frames were admitted, so what it sees is a function of configuration
/// and seed alone.
struct OnlineTraining {
  struct Settings: Sendable {
    var trainer: TrainerConfiguration
    /// Frames between two optimizer steps; below 1 several steps are taken a frame.
    var framesPerStep: Double
    /// Frames before the first step.
    var warmUp: Int
    /// Intervals in a window of the reservoir.
    var windowLength: Int
    var capacity: Int
    var policy: Reservoir.Policy
    /// Whether windows carry derivatives.
    var needsTendencies: Bool
    /// How derivatives are found; nil where windows carry none.
    func labels(of system: any SystemDescription) throws -> TrainingLabels? {
      needsTendencies ? try TrainingLabels(trainer.model.labelRule, of: system) : nil
    }
    /// Whether each window is learnt from once, in order; the reservoir is then a queue, which a step takes from.
    var takesEachWindowOnce: Bool { ModelCatalogue.takesEachWindowOnce(trainer.model.family) }
    /// Newest frames of each trajectory that are not learnt from yet: what a verdict on a log is given on. Those of a
    /// trajectory that has fallen silent are learnt when another has brought so many since.
    var holdBack = 0
    /// When the data scalars follow the stream.
    var scalars = ScalarRule.freeze(windows: 1)
    /// Scales that the file gives, by `x`, `dx` and `delta_x` for a field x.
    var givenScales: [String: Float]?
    /// How it is seen whether the training serves data that it does not see; nil for not.
    var validation: HeldOutWindows.Settings?
    /// A store whose windows are mixed into the batches.
    var replay: ReplayMix.Settings?
    /// A checkpoint whose weights the training begins with; nil for random ones.
    var initialWeights: String?
    /// Other processes that share each batch; nil for none.
    var ranks: RankGroup?
  }

  private(set) var settings: Settings
  private let source: any TrajectorySource
  private let isHeldOut: @Sendable (Int) -> Bool
  /// Number of the frame after the last one admitted, counted from the beginning of the first run. Frames that were
  /// refused before they came here are counted too.
  private(set) var position: Int
  private(set) var trainer: Trainer?
  private(set) var reservoir: Reservoir
  /// What the last step saw, and what it did; also when it stopped the training.
  private(set) var lastBatch: TrainingBatch?
  private(set) var lastReport: TrainingStepReport?
  /// What held-out data said last.
  private(set) var lastValidation: Validation.Totals?
  /// The data scalars, if the last step took them from the data.
  private(set) var adopted: FieldScales?
  /// What it begins with, before the first step.
  let initial: InitialWeights?
  /// The training windows so far, as far as the scalars need them.
  private var scales = FieldScalesFold()
  private var replay: ReplayMix?
  private var heldOut: HeldOutWindows?
  private var windows: WindowAssembler
  /// The last frame of each trajectory under way, where derivative labels are taken at it.
  private var previous: [Int: (state: State<Float>, tendency: State<Float>?)] = [:]
  private var heldBack = HeldBackFrames()
  private let order: StreamOrder?
  private let labels: TrainingLabels?
  /// Windows of frames before this were offered to the reservoir in an earlier run.
  private let replayUntil: Int

  init(
    _ settings: Settings, source: any TrajectorySource, startingAt position: Int,
    isHeldOut: @escaping @Sendable (Int) -> Bool
  ) throws {
    self.settings = settings
    self.source = source
    order = source.order
    self.position = position
    self.isHeldOut = isHeldOut
    windows = Self.assembler(settings)
    initial = try settings.initialWeights.map { try InitialWeights($0) }
    if let initial, order != nil {
      // Of a log the layout is known when its first frame has come.
      _ = try initial.model(
        settings.trainer.model.with(layout: source.layout, interval: source.interval).completed(
          by: source.system.attributes))
    }
    labels = try settings.labels(of: source.system)
    reservoir =
      settings.takesEachWindowOnce
      ? Reservoir(policy: .fifo, capacity: 1 << 52, seed: settings.trainer.seed)
      : Reservoir(policy: settings.policy, capacity: settings.capacity, seed: settings.trainer.seed)
    replayUntil = 0
    replay = try settings.replay.map {
      try ReplayMix($0, settings, layout: source.layout, state: nil, isHeldOut: isHeldOut)
    }
    heldOut = settings.validation.map {
      HeldOutWindows($0, memory: settings.trainer.model.memory, seed: settings.trainer.seed)
    }
  }

  /// Goes on from a checkpoint; the source starts again at `position`, before the one that the checkpoint was taken at.
  /// - Throws: `RunError` when the checkpoint is of another training; what `source` and the replayed store throw.
  init(
    _ settings: Settings, resuming checkpoint: Checkpoint, source: any TrajectorySource, startingAt position: Int,
    isHeldOut: @escaping @Sendable (Int) -> Bool
  ) throws {
    self.settings = settings
    self.source = source
    order = source.order
    windows = Self.assembler(settings)
    initial = nil
    self.isHeldOut = isHeldOut
    self.position = position
    labels = try settings.labels(of: source.system)
    let trainer = try Trainer(
      resuming: checkpoint, layout: source.layout, symmetries: source.system.symmetries, ranks: settings.ranks)
    var asked = settings.trainer
    asked.model = try asked.model.with(layout: source.layout, interval: source.interval).completed(
      by: source.system.attributes)
    guard asked.continues(trainer.configuration) else {
      throw RunError(
        .changed, "the checkpoint was trained with another model, curriculum or seed than the pipeline asks for")
    }
    guard let reached = try Self.position(of: checkpoint),
      let state = Self.note(Self.reservoirNote, of: checkpoint, as: Reservoir.State.self)
    else {
      throw RunError(
        .badInput, "the checkpoint holds no position in the stream, so training cannot go on from it to the same bits")
    }
    self.trainer = trainer
    replayUntil = reached
    let windows = try Self.windows(of: state, from: source, labels)
    reservoir = try Reservoir(restoring: state) { entry in
      guard let window = windows[SampleIdentity(trajectory: entry.trajectory, frame: entry.start)] else {
        throw RunError(.badInput, "the checkpoint's reservoir contradicts itself")
      }
      return window
    }
    scales = Self.note(Self.scalarsNote, of: checkpoint, as: FieldScalesFold.self) ?? FieldScalesFold()
    lastValidation = Self.note(Self.validationNote, of: checkpoint, as: Validation.Totals.self)
    replay = try settings.replay.map {
      try ReplayMix(
        $0, settings, layout: source.layout,
        state: Self.note(ReplayMix.note, of: checkpoint, as: Reservoir.State.self), isHeldOut: isHeldOut)
    }
    heldOut = try settings.validation.map {
      guard let state = Self.note(HeldOutWindows.note, of: checkpoint, as: Reservoir.State.self) else {
        return HeldOutWindows($0, memory: settings.trainer.model.memory, seed: settings.trainer.seed)
      }
      return try HeldOutWindows(
        $0, memory: settings.trainer.model.memory, restoring: state,
        Self.windows(of: state, from: source, labels))
    }
  }

  var isFinished: Bool { trainer?.isFinished ?? false }

  /// Asked for anew each time: of a log more is known when its first frame has come.
  private var system: any SystemDescription { source.system }

  /// Takes in the next frame of the stream.
  mutating func admit(_ frame: Frame) throws {
    if let order {
      let number = order.number(of: frame, notBefore: position)
      if number / order.round != (position - 1) / order.round {
        // Trajectories of the round before may lack their last frames, and will not get them.
        windows = Self.assembler(settings)
        heldOut?.startRound()
        previous = [:]
        heldBack = HeldBackFrames()
      }
      position = number
    }
    defer { position += 1 }
    guard settings.holdBack > 0 else { return try take(frame) }
    let due = heldBack.add(frame, holding: settings.holdBack)
    for frame in due.frames { try take(frame) }
    for trajectory in due.silent {
      windows.finish(trajectory: trajectory)
      previous[trajectory] = nil
    }
  }

  private mutating func take(_ frame: Frame) throws {
    let isHeldOut = isHeldOut(frame.trajectory)
    guard !isHeldOut || heldOut != nil else { return }
    let state = frame.state.single
    var tendency: State<Float>?
    if let labels {
      if let before = previous[frame.trajectory] {
        tendency = try labels.tendency(
          of: system, at: frame, before: before.state, stored: before.tendency, interval: source.interval)
      }
      previous[frame.trajectory] = (state, frame.tendency?.single)
    }
    let isKnown = position < replayUntil
    // Of a source that grows no frame is known to be the last.
    let isLast = order != nil && frame.index + 1 == source.length(frame.trajectory)
    if isHeldOut {
      try heldOut?.add(frame, state, tendency: tendency, isKnown: isKnown, isLast: isLast)
      if isLast { previous[frame.trajectory] = nil }
      return
    }
    let window = try windows.add(trajectory: frame.trajectory, index: frame.index, state: state, tendency: tendency)
    var found = window.map { [$0] } ?? []
    if isLast {
      if settings.takesEachWindowOnce, let rest = try windows.rest(trajectory: frame.trajectory),
        rest.steps > settings.trainer.model.memory
      {
        found.append(rest)
      }
      windows.finish(trajectory: frame.trajectory)
      previous[frame.trajectory] = nil
    }
    guard !isKnown else { return }
    for window in found {
      if trainer == nil || settings.scalars.goesOn { scales.add(window) }
      reservoir.insert(window)
    }
  }

  /// Windows overlap by the longest unrolling, so that every start frame is drawn at every unrolling; or, where each is
  /// taken once, by what a prediction depends on, so that every frame is learnt from once.
  private static func assembler(_ settings: Settings) -> WindowAssembler {
    WindowAssembler(steps: settings.windowLength, stride: stride(settings))
  }

  /// Frames from one window's start to the next.
  static func stride(_ settings: Settings) -> Int {
    settings.takesEachWindowOnce
      ? settings.windowLength - settings.trainer.model.memory
      : settings.windowLength + 1 - settings.trainer.curriculum.maximumSteps
  }

  /// Whether enough frames were admitted for another optimizer step.
  var isStepDue: Bool {
    guard position >= replayUntil, position >= settings.warmUp, !isFinished, !reservoir.isEmpty,
      trainer != nil || scales.windows >= settings.scalars.windows
    else { return false }
    if settings.takesEachWindowOnce { return true }
    return Double(trainer?.step ?? 0) * settings.framesPerStep <= Double(position - settings.warmUp)
  }

  /// Goes on by another schedule of the learning rate, from the next step on.
  /// - Returns: Whether it is another one.
  /// - Throws: `LearningError` for a schedule that cannot be learned by.
  mutating func adopt(_ schedule: LearningRateSchedule) throws -> Bool {
    guard schedule != settings.trainer.schedule else { return false }
    settings.trainer.schedule = schedule
    try trainer?.adopt(schedule)
    return true
  }

  /// Takes one optimizer step.
  mutating func step() throws -> TrainingStepReport {
    adopted = settings.scalars.scales(
      after: scales, current: trainer?.configuration.model.scales ?? initial?.scales)
    if let trainer {
      if let adopted { try trainer.adopt(adopted) }
    } else {
      var configuration = settings.trainer
      configuration.model = try configuration.model.with(layout: source.layout, interval: source.interval).completed(
        by: system.attributes)
      if let initial { configuration.model = try initial.model(configuration.model) }
      if let given = settings.givenScales {
        configuration.model.scales = try FieldScales(given: given, for: source.layout)
      }
      if let adopted { configuration.model.scales = adopted }
      trainer =
        try initial.map {
          try Trainer(
            configuration: configuration, parameters: $0.parameters, symmetries: system.symmetries,
            ranks: settings.ranks)
        } ?? Trainer(configuration: configuration, symmetries: system.symmetries, ranks: settings.ranks)
    }
    let trainer = trainer!
    let batch = try batch(for: trainer)
    lastBatch = batch
    do {
      let report = try trainer.step(batch)
      lastReport = report
      return report
    } catch {
      lastReport = trainer.lastAnomaly?.report
      throw error
    }
  }

  private mutating func batch(for trainer: Trainer) throws -> TrainingBatch {
    if settings.takesEachWindowOnce, let window = reservoir.take() {
      return try TrainingBatch([TrainingSample(window)], steps: window.steps)
    }
    let (count, steps, step) = (trainer.batchSize, trainer.stage.steps, trainer.step)
    guard replay != nil else { return try reservoir.batch(count, steps: steps, step: step) }
    return try replay!.batch(count, steps: steps, step: step, from: &reservoir)
  }

  /// The score on held-out data when one is due after the last step; nil when not, or before there are such data.
  mutating func validation() throws -> Validation? {
    guard let heldOut, let trainer, trainer.step % heldOut.settings.every == 0,
      let validation = try heldOut.validation(of: trainer, observables: system.observables)
    else { return nil }
    lastValidation = validation.totals
    return validation
  }

  /// Everything needed to go on to the same bits, and to use the model rightly.
  func checkpoint() throws -> Checkpoint? {
    guard var checkpoint = trainer?.checkpoint() else { return nil }
    checkpoint.system = source.system.attributes
    checkpoint.arithmetic = Arithmetic.current.id
    checkpoint.notes[Self.positionNote] = "\(position)"
    checkpoint.notes[Self.initialWeightsNote] = settings.initialWeights
    let encoder = JSONEncoder.withInfinities
    func note(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    checkpoint.notes[Self.reservoirNote] = try note(reservoir.state)
    if settings.scalars.goesOn { checkpoint.notes[Self.scalarsNote] = try note(scales) }
    if let heldOut { checkpoint.notes[HeldOutWindows.note] = try note(heldOut.reservoir.state) }
    if let lastValidation { checkpoint.notes[Self.validationNote] = try note(lastValidation) }
    if let replay { checkpoint.notes[ReplayMix.note] = try note(replay.reservoir.state) }
    return checkpoint
  }
}
