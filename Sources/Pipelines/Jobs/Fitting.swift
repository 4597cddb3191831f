internal import Foundation
internal import Learning
internal import Settings
internal import Tensors
internal import Trajectories

/// Learning from windows that are all there: what `holstream fit` does, by the keys of a family and of its training.
struct Fitting {
  /// What came out.
  struct Outcome {
    var model: any SurrogateModel
    var file: Safetensors
    /// In words: how it went.
    var words: String
  }

  private enum Way {
    case trained(TrainerConfiguration)
    case linear(ridge: Double?)
    case persistence
  }

  let family: ModelFamily
  /// Intervals in a window.
  let windowLength: Int
  private let way: Way

  /// Reads the keys; problems are reported to the section.
  init(_ family: ModelFamily, _ section: ConfigurationSection) {
    self.family = family
    func ridge() -> Double? {
      let ridge = section.optionalNumber(
        "ridge", "Ridge of the least squares, relative to the features' mean square; the best of five when left out")
      if let ridge, ridge < 0 { section.problem("must be at least 0, got \(ridge)", key: "ridge") }
      return ridge
    }
    switch family {
    case .persistence:
      way = .persistence
      windowLength = 1
    case .linearRegression:
      way = .linear(ridge: ridge())
      windowLength = section.integer("window", default: 256, in: 1...65_536, "Intervals in a window")
    case _ where !ModelCatalogue.trainableFamilies.contains(family):
      section.problem("the family \(family.rawValue) is read from files and used; `fit` does not know how it is fitted")
      way = .persistence
      windowLength = 1
    case _ where ModelCatalogue.takesEachWindowOnce(family):
      // Its keys are all there are: no batches, no rates.
      let model = ModelConfiguration(family, section)
      windowLength = section.integer(
        "window", default: max(256, 4 * model.memory), in: 1...65_536, "Intervals in a window")
      if windowLength <= model.memory {
        section.problem("must be more than the \(model.memory) frames that the model looks back", key: "window")
      }
      way = .trained(
        TrainerConfiguration(
          model: model, curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)])))
    default:
      let trainer = Self.trainer(family, section)
      let longest = trainer.curriculum.maximumSteps
      windowLength = section.integer(
        "window", default: max(32, 2 * longest), in: 1...4096, "Intervals in a window")
      if windowLength < longest { section.problem("must be at least the unrolling, \(longest) steps", key: "window") }
      way = .trained(trainer)
    }
  }

  /// How the derivatives that windows must carry are found; nil where they need none.
  func labels(of system: any SystemDescription) throws -> TrainingLabels? {
    guard case .trained(let trainer) = way, trainer.model.needsTendencies(trainer.loss) else { return nil }
    return try TrainingLabels(trainer.model.labelRule, of: system)
  }

  /// The ensemble whose forces a force field learns; nil for models of other kinds.
  var labelEnsemble: String? {
    guard case .trained(let trainer) = way else { return nil }
    return trainer.model.labelRule.changes["ensemble"]?.text
  }

  /// Intervals that a window must have to be of any use.
  var leastLength: Int {
    switch way {
    case .trained(let trainer): takesEachWindowOnce ? trainer.model.memory + 1 : trainer.curriculum.maximumSteps
    case .linear, .persistence: 1
    }
  }

  /// Frames from one window's start to the next.
  var stride: Int {
    guard case .trained(let trainer) = way else { return windowLength }
    return windowLength
      - (takesEachWindowOnce ? trainer.model.memory : trainer.curriculum.maximumSteps - 1)
  }

  /// Whether each window is learnt from once, shorter ones at the ends of trajectories too.
  var takesEachWindowOnce: Bool { ModelCatalogue.takesEachWindowOnce(family) }

  /// The keys of a trainer on one level: those of the family beside `batches`, `steps` and `noise` in place of a list of
  /// stages.
  private static func trainer(_ family: ModelFamily, _ section: ConfigurationSection) -> TrainerConfiguration {
    let batches = section.integer("batches", default: 4000, in: 2...1_000_000_000, "Optimizer steps")
    let steps = section.integer(
      "steps", default: 1, in: 1...1024, "Steps unrolled in the second half of them; the first half has one")
    let noise = Float(section.number("noise", default: 0, in: 0...10, "Standard deviation of the noise on the input"))
    let half = steps == 1 ? 0 : batches / 2
    let stages = [
      CurriculumStage(batches: half, steps: 1, noise: noise),
      CurriculumStage(batches: batches - half, steps: steps, noise: noise),
    ].filter { $0.batches > 0 }
    return TrainerConfiguration(family, section, curriculum: Curriculum(stages: stages))
  }

  /// - Parameters:
  ///   - windows: All windows of the store that are learnt from.
  ///   - heldOut: Windows that are not.
  ///   - progress: Batches done, and how many there are.
  /// - Throws: `LearningError`; whatever `progress` throws.
  func run(
    _ windows: [TrainingWindow], heldOut: [TrainingWindow], system: any SystemDescription, interval: Double,
    seed: UInt64,
    progress: (Int, Int) throws -> Void
  ) throws -> Outcome {
    var fold = FieldScalesFold()
    for window in windows { fold.add(window) }
    let scales = fold.result
    let layout = system.layout
    switch way {
    case .persistence:
      let model = Persistence()
      return Outcome(model: model, file: try model.safetensors(), words: "")
    case .linear(let ridge):
      return try best(
        of: LinearRegression.fits(to: windows, scales: scales, ridges: ridge.map { [$0] } ?? FittedBaselines.ridges),
        on: windows)
    case .trained(var configuration):
      configuration.seed = seed
      configuration.model = try configuration.model.with(layout: layout, interval: interval).completed(
        by: system.attributes)
      configuration.model.scales = scales
      let trainer = try Trainer(configuration: configuration, symmetries: system.symmetries)
      var last: TrainingStepReport?
      if takesEachWindowOnce {
        for window in windows {
          last = try trainer.step(TrainingBatch([TrainingSample(window)], steps: window.steps))
          try progress(trainer.step, windows.count)
        }
      } else {
        var reservoir = Reservoir(policy: .fifo, capacity: windows.count, seed: seed)
        for window in windows { reservoir.insert(window) }
        let batches = configuration.curriculum.batches
        while !trainer.isFinished {
          last = try trainer.step(
            reservoir.batch(trainer.batchSize, steps: trainer.stage.steps, step: trainer.step))
          try progress(trainer.step, batches)
        }
      }
      var checkpoint = trainer.checkpoint()
      checkpoint.system = system.attributes
      checkpoint.arithmetic = Arithmetic.current.id
      var words = last.map { String(format: "Loss of the last batch %.3e", $0.loss.total) } ?? ""
      let memory = configuration.model.memory
      let judged = heldOut.filter { $0.steps > memory }
      if !judged.isEmpty {
        let steps = min(trainer.stage.steps, windowLength)
        let loss = try trainer.model().loss(
          of: TrainingBatch(judged.map { TrainingSample($0, offset: memory) }, steps: steps), configuration.loss)
        words += String(format: ", of held-out windows %.3e", loss.total)
      }
      return Outcome(model: try trainer.model(), file: try checkpoint.safetensors(), words: words + ".")
    }
  }

  /// Of fits in closed form with different ridges the one whose rollouts stay closest.
  private func best<Model: SurrogateModel>(of models: [Model], on windows: [TrainingWindow]) throws -> Outcome {
    let model = models.count == 1 ? models[0] : try FittedBaselines.best(of: models, on: windows)
    guard let model else { throw LearningError(.invalidData, "there are no windows to fit to") }
    return Outcome(model: model, file: try model.safetensors(), words: "")
  }
}
