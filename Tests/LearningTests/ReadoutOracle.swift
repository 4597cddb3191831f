import Foundation
import TestSupport
import Trajectories

@testable import Learning

/// A case of `data/learning/make-readout.py`.
struct ReadoutOracle: Decodable {
  let name: String
  let taps: Int
  let stride: Int
  let radius: Int?
  let orders: [Int]
  let ridge: Double
  let size: Int
  let frames: [Double]
  let features: Int
  let weights: [Double]
  let predicted: [Double]
  let rollout: [Double]

  static func all() throws -> [ReadoutOracle] {
    try JSONDecoder().decode(
      [ReadoutOracle].self, from: Data(contentsOf: Places.data.appending(path: "learning/readout.json")))
  }

  var count: Int { frames.count / size }

  var layout: StateLayout {
    radius == nil
      ? StateLayout([Field("u", shape: [size])]) : StateLayout([Field("u", shape: [size])], domain: .ring(size))
  }

  func window(_ range: Range<Int>) throws -> TrainingWindow {
    try TrainingWindow(
      trajectory: 0, start: range.lowerBound, layout: layout,
      values: frames[(range.lowerBound * size)..<(range.upperBound * size)].map { Float($0) }, tendencies: nil)
  }

  /// Windows of so many intervals that overlap by what the model looks back, the last one shorter.
  func windows(_ length: Int, memory: Int? = nil) throws -> [TrainingWindow] {
    let memory = memory ?? (taps - 1) * stride
    return try Swift.stride(from: 0, to: count - 1 - memory, by: length - memory).map {
      try window($0..<min($0 + length + 1, count))
    }
  }

  var settings: VectorAutoregressionSettings {
    VectorAutoregressionSettings(
      order: orders.max()!, isOdd: !orders.contains(0), taps: taps, stride: stride, radius: radius ?? 0, ridge: ridge,
      isScaled: false)
  }

  func trainer(_ change: (inout VectorAutoregressionSettings) -> Void = { _ in }) throws -> Trainer {
    var settings = settings
    change(&settings)
    return try Trainer(
      configuration: TrainerConfiguration(
        model: ModelConfiguration(family: .nvar, settings: settings.attributes, layout: layout),
        curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)])))
  }
}

extension Trainer {
  /// Learns from windows, each once.
  @discardableResult
  func learn(_ windows: [TrainingWindow]) throws -> [TrainingStepReport] {
    try windows.map { try step(TrainingBatch([TrainingSample($0)], steps: $0.steps)) }
  }
}
