import Foundation
import Learning
import Tensors
import TestSupport

/// Windows and configurations that several tests share.
enum Fixtures {
  static let scalars: DataScalars = {
    var scalars = DataScalars.ones
    scalars.rho = 0.7
    scalars.q = 0.5
    scalars.p = 0.25
    scalars.rhoRate = 0.04
    scalars.qRate = 0.05
    scalars.pRate = 0.03
    scalars.rhoStep = 0.02
    scalars.qStep = 0.03
    scalars.pStep = 0.025
    return scalars
  }()

  /// Random frames that move slowly.
  static func window(trajectory: Int = 0, start: Int = 0, sites: Int = 6, steps: Int = 3) throws -> TrainingWindow {
    var random = CounterRandom(
      seed: 11, purpose: .evaluation, trajectory: UInt64(trajectory), step: UInt64(start))
    func numbers(_ count: Int, _ size: Double) -> [Float] {
      (0..<count).map { _ in Float(size * (2 * random.uniform() - 1)) }
    }
    let size = SurrogateState.size(sites: sites)
    var values = numbers(size, 0.5)
    for step in 0..<steps {
      let move = numbers(size, 0.02)
      for k in 0..<size { values.append(values[step * size + k] + move[k]) }
    }
    return try TrainingWindow(
      trajectory: trajectory, start: start, sites: sites, values: values, rates: numbers(steps * size, 0.04))
  }

  static func batch(count: Int = 4, sites: Int = 6, steps: Int = 3) throws -> TrainingBatch {
    try TrainingBatch(
      (0..<count).map { TrainingSample(try window(trajectory: $0, sites: sites, steps: steps)) }, steps: steps)
  }

  static func configuration(
    _ family: ModelFamily, channels: Int = 6, blocks: Int = 1, dropout: Float = 0.2, noise: Float = 0.01, steps: Int = 3
  ) -> TrainerConfiguration {
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(
        family: family, channels: channels, blocks: blocks, dropout: dropout, zeroInitialisedOutput: false,
        scalars: scalars),
      curriculum: Curriculum(stages: [
        CurriculumStage(batches: 6, steps: steps, noise: noise), CurriculumStage(batches: 100, steps: steps, noise: 0),
      ]))
    configuration.schedule = LearningRateSchedule(base: 1e-3, warmUp: 2)
    configuration.seed = 5
    return configuration
  }

  /// The golden shallow trajectory cut into windows, or nil where it is missing.
  static func goldenWindows(steps: Int) throws -> [TrainingWindow]? {
    guard let folder = Places.golden("shallow_L16_si64") else { return nil }
    func load(_ name: String) throws -> [Float] {
      try NumPyArray(contentsOf: folder.appending(path: "\(name).npy")).values.map { Float($0) }
    }
    let (rho, q, p) = (try load("rho"), try load("Q"), try load("P"))
    return try stride(from: 0, to: 300 - steps + 1, by: steps).map { start in
      try TrainingWindow(
        trajectory: 0, start: start, sites: 16, rho: Array(rho[(start * 512)..<((start + steps + 1) * 512)]),
        q: Array(q[(start * 16)..<((start + steps + 1) * 16)]), p: Array(p[(start * 16)..<((start + steps + 1) * 16)]))
    }
  }
}
