import Foundation
import Learning
import Tensors
import TestSupport
import Testing
import Trajectories

/// Windows and configurations that several tests share.
enum Fixtures {
  /// A density matrix and two vectors on a ring.
  static func layout(sites: Int) -> StateLayout {
    StateLayout(
      [
        Field("rho", shape: [sites, sites], isComplex: true), Field("Q", shape: [sites]), Field("P", shape: [sites]),
      ], domain: .ring(sites))
  }

  static let scales = FieldScales([
    "rho": FieldScale(state: 0.7, tendency: 0.04, increment: 0.02),
    "Q": FieldScale(state: 0.5, tendency: 0.05, increment: 0.03),
    "P": FieldScale(state: 0.25, tendency: 0.03, increment: 0.025),
  ])

  /// Site i of the image is site `shift` + i, or `shift` − i: the definition, written out.
  static func symmetry(sites: Int, shift: Int, reflected: Bool = false) -> Permutation {
    func site(_ i: Int) -> Int { ((reflected ? shift - i : shift + i) + 2 * sites) % sites }
    var source: [Int] = []
    for i in 0..<sites {
      for j in 0..<sites { for part in 0..<2 { source.append(2 * (site(i) * sites + site(j)) + part) } }
    }
    for vector in 0..<2 { for i in 0..<sites { source.append(2 * sites * sites + vector * sites + site(i)) } }
    return Permutation("symmetry", source: source)
  }

  /// Δρ = Σ s_i Re ρ_ii / L and ΔQ = Σ s_i Q_i / L, s = −1, +1, …
  static func orderParameters(sites: Int) -> [Observable] {
    func staggered(_ name: String, _ place: @escaping @Sendable (Int) -> Int) -> Observable {
      Observable(name) { state in
        var sum = 0.0
        for i in 0..<sites { sum += (i % 2 == 0 ? -1.0 : 1.0) * state.values[place(i)] }
        return sum / Double(sites)
      }
    }
    return [
      staggered("deltaRho") { 2 * $0 * (sites + 1) }, staggered("deltaQ") { 2 * sites * sites + $0 },
    ]
  }

  /// Random frames that move slowly.
  static func window(trajectory: Int = 0, start: Int = 0, sites: Int = 6, steps: Int = 3) throws -> TrainingWindow {
    var random = CounterRandom(
      seed: 11, purpose: .evaluation, trajectory: UInt64(trajectory), step: UInt64(start))
    func numbers(_ count: Int, _ size: Double) -> [Float] {
      (0..<count).map { _ in Float(size * (2 * random.uniform() - 1)) }
    }
    let layout = layout(sites: sites)
    let size = layout.count
    var values = numbers(size, 0.5)
    for step in 0..<steps {
      let move = numbers(size, 0.02)
      for k in 0..<size { values.append(values[step * size + k] + move[k]) }
    }
    return try TrainingWindow(
      trajectory: trajectory, start: start, layout: layout, values: values, tendencies: numbers(steps * size, 0.04))
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
        scales: scales),
      curriculum: Curriculum(stages: [
        CurriculumStage(batches: 6, steps: steps, noise: noise), CurriculumStage(batches: 100, steps: steps, noise: 0),
      ]))
    configuration.schedule = LearningRateSchedule(base: 1e-3, warmUp: 2)
    configuration.seed = 5
    return configuration
  }

  /// Whether this machine has the golden trajectories, and the published network beside them.
  static let hasGolden = Places.golden("shallow_L16_si64") != nil
  static let hasPublished = hasGolden && Places.goldenFile("tiny_L16.safetensors") != nil

  /// The golden shallow trajectory cut into windows.
  static func goldenWindows(steps: Int) throws -> [TrainingWindow] {
    let folder = try #require(Places.golden("shallow_L16_si64"))
    func load(_ name: String) throws -> [Float] {
      try NumPyArray(contentsOf: folder.appending(path: "\(name).npy")).values.map { Float($0) }
    }
    let (rho, q, p) = (try load("rho"), try load("Q"), try load("P"))
    return try stride(from: 0, to: 300 - steps + 1, by: steps).map { start in
      var values: [Float] = []
      for frame in start...(start + steps) {
        values += rho[(512 * frame)..<(512 * frame + 512)]
        values += q[(16 * frame)..<(16 * frame + 16)]
        values += p[(16 * frame)..<(16 * frame + 16)]
      }
      return try TrainingWindow(
        trajectory: 0, start: start, layout: layout(sites: 16), values: values, tendencies: nil)
    }
  }
}
