/// One stage of training: how many batches, how far the model is unrolled, how noisy its input is.
public struct CurriculumStage: Codable, Sendable, Equatable {
  public var batches: Int
  /// Intervals that the model is unrolled over, N.
  public var steps: Int
  /// Standard deviation of the noise on the training input, in the units of the state (not scaled).
  public var noise: Float
  /// The noise that the stage ends with, approached linearly from `noise`; nil for the same all the time.
  public var finalNoise: Float?

  public init(batches: Int, steps: Int, noise: Float, finalNoise: Float? = nil) {
    self.batches = batches
    self.steps = steps
    self.noise = noise
    self.finalNoise = finalNoise
  }

  /// The noise of a batch of the stage, counted from 0; after its last one that of its end.
  public func noise(at stepInStage: Int) -> Float {
    guard let finalNoise else { return noise }
    let share = min(Double(stepInStage) / Double(max(batches, 1)), 1)
    return Float(Double(noise) + share * (Double(finalNoise) - Double(noise)))
  }
}

/// The stages of training in order. Data, so that a configuration file can hold it.
public struct Curriculum: Codable, Sendable, Equatable {
  public var stages: [CurriculumStage]

  public init(stages: [CurriculumStage]) { self.stages = stages }

  /// Batches in all stages together.
  public var batches: Int { stages.reduce(0) { $0 + $1.batches } }
  /// The longest unrolling of any stage.
  public var maximumSteps: Int { stages.map(\.steps).max() ?? 1 }

  /// Where batch `step` falls. After the last stage, training goes on in it.
  public func position(of step: Int) -> (index: Int, stage: CurriculumStage, stepInStage: Int) {
    var rest = step
    for (index, stage) in stages.enumerated() where index < stages.count - 1 {
      if rest < stage.batches { return (index, stage, rest) }
      rest -= stage.batches
    }
    return (stages.count - 1, stages[stages.count - 1], rest)
  }

  /// What is left after `done` batches, in batches of the stage that batch `done` falls in: a batch costs as much as the
  /// intervals that it is unrolled over. At most what all batches together are.
  public func remaining(after done: Int) -> Double {
    let (index, stage, inStage) = position(of: done)
    let here = Double(max(0, stage.batches - inStage))
    return stages[(index + 1)...].reduce(here) { $0 + Double($1.batches * $1.steps) / Double(max(1, stage.steps)) }
  }

  /// The published curriculum for shallow quenches, 491 520 batches; `virtualEpoch` shortens it in proportion.
  public static func shallowQuench(virtualEpoch: Int = 8192) -> Curriculum {
    Curriculum(stages: [
      CurriculumStage(batches: 20 * virtualEpoch, steps: 1, noise: 2e-2),
      CurriculumStage(batches: 40 * virtualEpoch, steps: 8, noise: 2e-2),
    ])
  }

  /// The published curriculum for deep quenches, 991 232 batches; `virtualEpoch` shortens it in proportion.
  public static func deepQuench(virtualEpoch: Int = 8192) -> Curriculum {
    let stages: [(epochs: Int, steps: Int, noise: Float)] = [
      (24, 1, 0), (24, 1, 2e-3), (12, 2, 4e-3), (12, 2, 6e-3), (6, 4, 8e-3), (6, 4, 1e-2), (3, 8, 1.2e-2),
      (3, 8, 1.4e-2), (3, 8, 1.6e-2), (3, 8, 1.8e-2), (25, 16, 2e-2),
    ]
    return Curriculum(
      stages: stages.map { CurriculumStage(batches: $0.epochs * virtualEpoch, steps: $0.steps, noise: $0.noise) })
  }
}
