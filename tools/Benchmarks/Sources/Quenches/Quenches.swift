import Foundation
public import Learning
import Settings
public import Systems
import Tensors
public import Trajectories

/// Quenches of the square lattice to learn force fields from and to judge them by, for the studies.
public enum Quenches {
  /// A lattice with electrons of an ensemble, solved exactly.
  public static func exact(_ ensemble: ElectronConfiguration.Ensemble, _ parameters: SquareParameters) throws
    -> HolsteinSquareSystem
  {
    try HolsteinSquareSystem(
      parameters, ElectronConfiguration(ensemble: ensemble, engine: .exact), SquareDynamics(saveEvery: 20))
  }

  /// A frame each time unit. The dynamics is that of windows of 5 × 5 sites, which is near enough for configurations.
  public static func states(_ numbers: Range<Int>, frames: Int, _ parameters: SquareParameters) throws
    -> [[State<Double>]]
  {
    let system = try HolsteinSquareSystem(
      parameters, ElectronConfiguration(engine: .windowed, radius: 2), SquareDynamics(saveEvery: 20))
    var ensemble = try system.ensemble(numbers, seed: 1, workers: 2)
    var result = [[State<Double>]](repeating: [], count: numbers.count)
    for _ in 0..<frames {
      for (k, frame) in try ensemble.advance().enumerated() { result[k].append(frame.state) }
    }
    return result
  }

  /// The force at each state.
  public static func forces(_ states: [State<Double>], _ system: HolsteinSquareSystem) -> [[Double]] {
    states.map { Array(system.tendency(of: $0, at: 0)!["P"]) }
  }

  /// A trajectory with its forces as a window to learn from.
  public static func window(_ states: [State<Double>], _ forces: [[Double]], number: Int) throws -> TrainingWindow {
    // The last frame ends the last interval, and is not learnt from.
    let frames = states + [states[states.count - 1]]
    return try TrainingWindow(
      trajectory: number, start: 0, layout: states[0].layout, values: frames.flatMap { $0.single.values },
      tendencies: forces.flatMap { [Float](repeating: 0, count: $0.count) + $0.map { Float($0) } })
  }

  /// A field that was trained on batches of eight lattices, every fourth of them one of the windows from `random` on.
  ///
  /// - Parameter keys: Of the family, as a pipeline file has them: "widths=16-16".
  /// - Returns: The field, and the processor seconds that its training took.
  public static func train(
    _ family: ModelFamily, _ keys: [String], of system: HolsteinSquareSystem, _ windows: [TrainingWindow], random: Int,
    steps: Int
  ) throws -> (field: ForceFieldModel, seconds: Double) {
    let section = try ConfigurationSection(keys, diagnostics: ConfigurationDiagnostics())
    let model = try ModelConfiguration(family, section).with(layout: system.layout, interval: 1).completed(
      by: system.attributes)
    var configuration = TrainerConfiguration(
      model: model, curriculum: Curriculum(stages: [CurriculumStage(batches: steps, steps: 1, noise: 0)]))
    configuration.schedule = LearningRateSchedule(base: 3e-3, warmUp: 100)
    (configuration.weightDecay, configuration.maximumGradientNorm, configuration.seed) = (0, 10, 1)
    configuration.workers = 1
    let trainer = try Trainer(configuration: configuration)
    let start = clock()
    while !trainer.isFinished {
      var numbers = CounterRandom(seed: 1, purpose: .evaluation, step: UInt64(trainer.step))
      let samples = (0..<8).map { k in
        let range = k % 4 == 0 ? random..<windows.count : 0..<random
        let window = windows[range.lowerBound + Int(numbers.next() % UInt64(range.count))]
        return TrainingSample(window, offset: Int(numbers.next() % UInt64(window.steps)))
      }
      try trainer.step(TrainingBatch(samples, steps: 1))
    }
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    return (try trainer.model() as! ForceFieldModel, seconds)
  }
}
