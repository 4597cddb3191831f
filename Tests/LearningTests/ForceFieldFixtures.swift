import Settings
import Tensors
import Trajectories

@testable import Learning

/// Force fields and lattices for tests.
enum ForceFields {
  static let published = [
    "g": 3.5, "k": 1, "kappa": 0.18, "m": 5, "gamma": 0.2, "dt": 0.05, "temperature": 0.1, "t": 1,
  ]

  static func layout(_ rows: Int, _ columns: Int) -> StateLayout {
    StateLayout(
      [Field("Q", shape: [rows, columns]), Field("P", shape: [rows, columns])], domain: .square(rows, columns))
  }

  /// By keys as a pipeline file has them, on the published lattice.
  static func configuration(_ family: ModelFamily, _ keys: [String], on layout: StateLayout) throws
    -> ModelConfiguration
  {
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(keys, diagnostics: diagnostics)
    let model = ModelConfiguration(family, section)
    section.refuseUnknownKeys()
    try diagnostics.throwIfAny()
    return try model.with(layout: layout, interval: 0.5).completed(by: published.mapValues(Attribute.number))
  }

  static func model(_ family: ModelFamily, _ keys: [String], on layout: StateLayout, seed: UInt64 = 3) throws
    -> ForceFieldModel
  {
    let configuration = try configuration(family, keys, on: layout)
    return try ForceFieldModel(
      configuration: configuration, parameters: ForceFieldModel.initialParameters(configuration, seed: seed))
  }

  static func displacements(_ sites: Int, seed: UInt64 = 1, scale: Double = 3) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .evaluation)
    return (0..<sites).map { _ in scale * random.normal() }
  }

  /// Windows with forces that are only numbers.
  static func batch(_ layout: StateLayout, count: Int = 3, steps: Int = 2) throws -> TrainingBatch {
    try TrainingBatch(
      (0..<count).map { trajectory in
        var random = CounterRandom(seed: 4, purpose: .evaluation, trajectory: UInt64(trajectory))
        let values = (0..<(layout.count * (steps + 1))).map { _ in Float(2 * random.normal()) }
        let forces = (0..<(layout.count * steps)).map { _ in Float(random.normal()) }
        return TrainingSample(
          try TrainingWindow(trajectory: trajectory, start: 0, layout: layout, values: values, tendencies: forces))
      }, steps: steps)
  }
}
