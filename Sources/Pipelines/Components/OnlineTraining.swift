internal import Foundation
internal import Lattice
internal import Learning

/// Turns a stream of frames into optimizer steps: windows, reservoir, trainer, by count and never by the clock.
///
/// Step n is taken once `warmUp + n · framesPerStep` frames were admitted, so what it sees is a function of configuration
/// and seed alone.
struct OnlineTraining {
  struct Settings: Sendable {
    var trainer: TrainerConfiguration
    /// Frames between two optimizer steps; below 1 several steps are taken a frame.
    var framesPerStep: Double
    /// Frames before the first step; the data scalars are taken from their windows and then stay.
    var warmUp: Int
    /// Intervals in a window of the reservoir.
    var windowLength: Int
    var capacity: Int
    var policy: Reservoir.Policy
    /// Whether windows carry derivatives at mid-interval.
    var needsRates: Bool
  }

  static let positionNote = "position"
  static let reservoirNote = "reservoir"

  let settings: Settings
  private let parameters: HolsteinParameters
  private let isHeldOut: @Sendable (Int) -> Bool
  /// Frames admitted since the beginning of the first run.
  private(set) var position: Int
  private(set) var trainer: Trainer?
  private(set) var reservoir: Reservoir
  private var scalars = DataScalarFold()
  private var windows: WindowAssembler
  /// The last frame of each trajectory under way, where derivative labels are taken at it.
  private var previous: [Int: SurrogateState] = [:]
  private let framesPerTrajectory: Int
  /// Windows of frames before this were offered to the reservoir in an earlier run.
  private let replayUntil: Int

  init(
    _ settings: Settings, source: any FrameSource, startingAt position: Int,
    isHeldOut: @escaping @Sendable (Int) -> Bool
  ) {
    self.settings = settings
    parameters = source.parameters
    framesPerTrajectory = source.framesPerTrajectory
    self.position = position
    self.isHeldOut = isHeldOut
    windows = Self.assembler(settings)
    reservoir = Reservoir(policy: settings.policy, capacity: settings.capacity, seed: settings.trainer.seed)
    replayUntil = 0
  }

  /// Goes on from a checkpoint; the source starts again at `position`, before the one that the checkpoint was taken at.
  /// - Throws: `LearningError` when the checkpoint is of another training; what `source` throws.
  init(
    _ settings: Settings, resuming checkpoint: Checkpoint, source: any FrameSource, startingAt position: Int,
    isHeldOut: @escaping @Sendable (Int) -> Bool
  ) throws {
    self.settings = settings
    parameters = source.parameters
    framesPerTrajectory = source.framesPerTrajectory
    windows = Self.assembler(settings)
    self.isHeldOut = isHeldOut
    self.position = position
    let trainer = try Trainer(resuming: checkpoint)
    var expected = settings.trainer
    expected.model.scalars = trainer.configuration.model.scalars
    guard trainer.configuration == expected else {
      throw RunError(
        .badInput,
        "the checkpoint was trained with another model, curriculum or seed than the pipeline asks for; start a new run, or resume with the pipeline.yaml in the run's folder"
      )
    }
    guard let reached = checkpoint.notes[Self.positionNote].flatMap(Int.init),
      let stored = checkpoint.notes[Self.reservoirNote].map({ Data($0.utf8) }),
      let state = try? JSONDecoder().decode(Reservoir.State.self, from: stored)
    else {
      throw RunError(
        .badInput, "the checkpoint holds no position in the stream, so training cannot go on from it to the same bits")
    }
    self.trainer = trainer
    replayUntil = reached
    let parameters = parameters
    var cached: (trajectory: Int, frames: [Frame])?
    reservoir = try Reservoir(restoring: state) { entry in
      let end = entry.start + entry.steps + 1
      if cached?.trajectory != entry.trajectory || cached!.frames.count < end {
        let length = max(end, source.framesPerTrajectory)
        cached = (entry.trajectory, try source.frames(of: entry.trajectory, 0..<length))
      }
      let frames = Array(cached!.frames[entry.start..<end])
      let states = frames.map { SurrogateState($0.state) }
      let rates =
        settings.needsRates ? zip(states, frames.dropFirst()).map { Self.rates(of: $1, before: $0, parameters) } : nil
      return try TrainingWindow(trajectory: entry.trajectory, start: entry.start, frames: states, rates: rates)
    }
  }

  var isFinished: Bool { trainer?.isFinished ?? false }

  /// Takes in the next frame of the stream.
  mutating func admit(_ frame: Frame) throws {
    defer { position += 1 }
    guard !isHeldOut(frame.trajectory) else { return }
    let state = SurrogateState(frame.state)
    var rates: SurrogateState?
    if settings.needsRates {
      if let before = previous[frame.trajectory] { rates = Self.rates(of: frame, before: before, parameters) }
      previous[frame.trajectory] = state
    }
    let window = try windows.add(trajectory: frame.trajectory, index: frame.index, state: state, rates: rates)
    if frame.index == framesPerTrajectory - 1 {
      windows.finish(trajectory: frame.trajectory)
      previous[frame.trajectory] = nil
    }
    guard let window, position >= replayUntil else { return }
    if trainer == nil { scalars.add(window) }
    reservoir.insert(window)
  }

  /// Windows overlap by the longest unrolling, so that every start frame is drawn at every unrolling.
  private static func assembler(_ settings: Settings) -> WindowAssembler {
    WindowAssembler(
      steps: settings.windowLength, stride: settings.windowLength + 1 - settings.trainer.curriculum.maximumSteps)
  }

  /// Whether enough frames were admitted for another optimizer step.
  var isStepDue: Bool {
    guard position >= replayUntil, position >= settings.warmUp, !isFinished, !reservoir.isEmpty else { return false }
    return Double(trainer?.step ?? 0) * settings.framesPerStep <= Double(position - settings.warmUp)
  }

  /// Takes one optimizer step.
  mutating func step() throws -> TrainingStepReport {
    if trainer == nil {
      var configuration = settings.trainer
      configuration.model.scalars = scalars.result
      trainer = try Trainer(configuration: configuration)
    }
    let trainer = trainer!
    return try trainer.step(try reservoir.batch(trainer.batchSize, steps: trainer.stage.steps, step: trainer.step))
  }

  /// Everything needed to go on to the same bits.
  func checkpoint() throws -> Checkpoint? {
    guard var checkpoint = trainer?.checkpoint() else { return nil }
    checkpoint.notes[Self.positionNote] = "\(position)"
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    checkpoint.notes[Self.reservoirNote] = String(decoding: try encoder.encode(reservoir.state), as: UTF8.self)
    return checkpoint
  }

  /// dρ/dt, dQ/dt, dP/dt by the equations of motion at the mid-interval state, rounded to single precision first as the
  /// published program does, so that a store in single precision gives the same labels; at the earlier frame without one.
  private static func rates(of frame: Frame, before: SurrogateState, _ parameters: HolsteinParameters) -> SurrogateState
  {
    let at = frame.mid.map { SurrogateState($0) } ?? before
    return SurrogateState(at.lattice.derivative(parameters))
  }
}
