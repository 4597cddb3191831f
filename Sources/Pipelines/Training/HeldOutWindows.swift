internal import Learning
internal import Trajectories

/// A uniform sample of all that has come by on held-out trajectories, and what a model makes of it.
struct HeldOutWindows {
  struct Settings: Sendable, Equatable {
    /// Optimizer steps between two validations.
    var every: Int
    /// Windows that are held.
    var windows: Int
    /// Frames that each is rolled out over.
    var steps: Int
  }

  static let note = "held-out"

  let settings: Settings
  /// Frames that the model is shown before each rollout.
  private let memory: Int
  private(set) var reservoir: Reservoir
  private var assembler: WindowAssembler

  init(_ settings: Settings, memory: Int, seed: UInt64) {
    self.settings = settings
    self.memory = memory
    // Another seed than the training's reservoir, so that the two choose independently.
    reservoir = Reservoir(policy: .reservoir, capacity: settings.windows, seed: ~seed)
    assembler = WindowAssembler(steps: settings.steps + memory)
  }

  init(
    _ settings: Settings, memory: Int, restoring state: Reservoir.State, _ windows: [SampleIdentity: TrainingWindow]
  ) throws {
    self.settings = settings
    self.memory = memory
    reservoir = try Reservoir(restoring: state) { entry in
      guard let window = windows[SampleIdentity(trajectory: entry.trajectory, frame: entry.start)] else {
        throw RunError(.badInput, "the checkpoint's held-out windows contradict themselves")
      }
      return window
    }
    assembler = WindowAssembler(steps: settings.steps + memory)
  }

  /// Trajectories of the round before get no more frames.
  mutating func startRound() { assembler = WindowAssembler(steps: settings.steps + memory) }

  /// - Parameter isKnown: Whether the frame was taken in before the run was stopped.
  mutating func add(
    _ frame: Frame, _ state: State<Float>, tendency: State<Float>?, isKnown: Bool, isLast: Bool
  ) throws {
    let window = try assembler.add(trajectory: frame.trajectory, index: frame.index, state: state, tendency: tendency)
    if isLast { assembler.finish(trajectory: frame.trajectory) }
    if let window, !isKnown { reservoir.insert(window) }
  }

  /// The loss of the trainer's stage and rollouts over whole windows; nil while there is no window.
  func validation(of trainer: Trainer, observables: [Observable]) throws -> Validation? {
    let windows = reservoir.windows
    guard !windows.isEmpty else { return nil }
    let model = try trainer.model()
    let unrolled = min(trainer.stage.steps, settings.steps)
    return Validation(
      step: trainer.step, windows: windows.count, unrolled: unrolled,
      loss: try model.loss(
        of: TrainingBatch(windows.map { TrainingSample($0, offset: memory) }, steps: unrolled),
        trainer.configuration.loss),
      rollout: try RolloutScore(
        of: model, on: windows, steps: settings.steps, warmUp: memory, observables: observables),
      persistence: try RolloutScore(of: Persistence(), on: windows, steps: settings.steps, warmUp: memory).total)
  }
}
