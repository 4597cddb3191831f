import Foundation
import Tensors
import TestSupport
import Testing
import Trajectories

@testable import Learning

struct GridNetworkTests {
  /// Two fields on a ring, one of two components, and one that does not evolve.
  static func ring(_ sites: Int) -> StateLayout {
    StateLayout(
      [Field("u", shape: [sites, 2]), Field("v", shape: [sites]), Field("k", shape: [sites], role: .parameter)],
      domain: .ring(sites))
  }

  /// A complex field and a real one on a square; the real one has its sites as one axis.
  static func square(_ rows: Int, _ columns: Int) -> StateLayout {
    StateLayout(
      [Field("psi", shape: [rows, columns], isComplex: true), Field("q", shape: [rows * columns])],
      domain: .square(rows, columns))
  }

  static let layouts = [ring(6), square(4, 3), StateLayout([Field("x", shape: [8])], domain: .ring(8))]

  static func batch(_ layout: StateLayout, count: Int = 3, steps: Int = 2) throws -> TrainingBatch {
    try TrainingBatch(
      (0..<count).map { trajectory in
        var random = CounterRandom(seed: 4, purpose: .evaluation, trajectory: UInt64(trajectory))
        var values = (0..<layout.count).map { _ in Float(random.uniform() - 0.5) }
        for k in 0..<(steps * layout.count) { values.append(values[k] + Float(0.1 * random.uniform() - 0.05)) }
        return TrainingSample(
          try TrainingWindow(trajectory: trajectory, start: 0, layout: layout, values: values, tendencies: nil))
      }, steps: steps)
  }

  static func configuration(
    _ layout: StateLayout, channels: Int = 5, blocks: Int = 2, dropout: Float = 0, noise: Float = 0, zero: Bool = false,
    increment: Float = 0.2
  ) -> TrainerConfiguration {
    let scales = FieldScales(
      layout.fields.reduce(into: [:]) {
        $0[$1.name] = FieldScale(state: 0.5, tendency: 1, increment: increment)
      })
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(
        family: .cnn, channels: channels, blocks: blocks, dropout: dropout, zeroInitialisedOutput: zero, scales: scales,
        layout: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 200, steps: 2, noise: noise)]))
    configuration.schedule = LearningRateSchedule(base: 3e-3, warmUp: 2)
    return configuration
  }

  @Test(
    "The gradient of a network on a ring or a square is the slope of the loss", arguments: layouts, [Float(0), 0.2])
  func slope(layout: StateLayout, dropout: Float) throws {
    try Slope.check(
      Self.configuration(layout, dropout: dropout), Self.batch(layout, count: 9), distance: 1e-3, tolerance: 2e-3)
  }

  @Test("A network on a ring or a square learns a batch, from persistence", arguments: layouts)
  func learns(layout: StateLayout) throws {
    let trainer = try Trainer(configuration: Self.configuration(layout, channels: 12, zero: true))
    let batch = try Self.batch(layout)
    let first = try trainer.step(batch).loss.total
    let persistence = try Trainer(configuration: Self.configuration(layout, zero: true)).model()
      .predictor(for: layout).rollout(from: batch.samples[0].window.state(0), steps: 1)[1]
    #expect(persistence == batch.samples[0].window.state(0))
    for _ in 0..<80 { try trainer.step(batch) }
    #expect(try trainer.step(batch).loss.total < 0.5 * first)
  }

  @Test("With fluxes the sum of every field is kept, and the gradient is the slope of the loss", arguments: layouts)
  func flux(layout: StateLayout) throws {
    var configuration = Self.configuration(layout)
    configuration.model.constraint = .flux
    try Slope.check(configuration, Self.batch(layout, count: 9), distance: 1e-3, tolerance: 2e-3)
    let state = try Self.batch(layout).samples[0].window.state(0)
    let later = try Trainer(configuration: configuration).model().predictor(for: layout).rollout(from: state, steps: 20)
      .last!
    let largest = zip(later.values, state.values).map { abs($0 - $1) }.max()!
    #expect(largest > 0.1)
    for range in layout.ranges {
      // Every component has a sum of its own: of a complex number two, of a vector on each site as many.
      let sites = layout.domain.sites!
      let components = range.count / sites
      for component in 0..<components {
        let those = range.filter { ($0 - range.lowerBound) % components == component }
        let (before, after) = (those.map { state.values[$0] }, those.map { later.values[$0] })
        #expect(abs(after.reduce(0, +) - before.reduce(0, +)) < 1e-4)
      }
    }
  }

  @Test("Fluxes are for fields on a lattice, projection for density matrices")
  func constraints() throws {
    for (family, layout, constraint) in [
      (ModelFamily.cnn, Fixtures.layout(sites: 6), StateConstraint.flux),
      (.cnn, Self.ring(6), .projection),
      (.mlp, StateLayout([Field("x", shape: [3])]), .flux),
    ] {
      var configuration = Self.configuration(layout)
      if family == .mlp { configuration.model = ModelConfiguration(PerceptronSettings(), layout: layout) }
      configuration.model.constraint = constraint
      #expect(throws: LearningError.self) { try Trainer(configuration: configuration) }
    }
  }

  @Test("A shift of the state is a shift of the prediction, also on a lattice of another size")
  func shift() throws {
    let model = try Trainer(configuration: Self.configuration(Self.square(4, 3))).model()
    let large = Self.square(6, 8)
    let predictor = try model.predictor(for: large)
    let state = try Self.batch(large).samples[0].window.state(0)
    /// Rows by 1, columns by 3.
    func shifted(_ state: State<Float>) -> State<Float> {
      var result = state
      for i in 0..<6 {
        for j in 0..<8 {
          let (to, from) = (8 * i + j, 8 * ((i + 1) % 6) + (j + 3) % 8)
          for part in 0..<2 { result.values[2 * to + part] = state.values[2 * from + part] }
          result.values[96 + to] = state.values[96 + from]
        }
      }
      return result
    }
    let (plain, moved) = (
      predictor.rollout(from: state, steps: 2)[2], predictor.rollout(from: shifted(state), steps: 2)[2]
    )
    #expect(plain != state)
    for (a, b) in zip(shifted(plain).values, moved.values) { #expect(abs(a - b) < 1e-5) }
    // The mirror is no symmetry of random weights, so that the shift was not found by chance.
    #expect(zip(plain.values, moved.values).contains { abs($0 - $1) > 1e-3 })
  }

  @Test("Losses, gradients and weights are the same bits on one, two and three cores, with dropout and noise")
  func workers() throws {
    let layout = Self.ring(7)
    let batch = try Self.batch(layout, count: 13)
    func train(_ workers: Int) throws -> ([TrainingStepReport], [Float]) {
      var configuration = Self.configuration(layout, dropout: 0.3, noise: 0.01)
      configuration.workers = workers
      let trainer = try Trainer(configuration: configuration)
      return (try (0..<3).map { _ in try trainer.step(batch) }, trainer.parameters)
    }
    let one = try train(1)
    for workers in [2, 3] {
      let other = try train(workers)
      #expect(other.0 == one.0)
      #expect(other.1 == one.1)
    }
  }

  @Test("A trainer goes on from its file to the same bits, and rollouts agree with training", arguments: layouts)
  func resume(layout: StateLayout) async throws {
    let batch = try Self.batch(layout)
    var configuration = Self.configuration(layout, dropout: 0.2, noise: 0.01)
    let straight = try Trainer(configuration: configuration)
    for _ in 0..<3 { try straight.step(batch) }
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "step.safetensors")
      try straight.checkpoint().write(to: file)
      let resumed = try Trainer(resuming: Checkpoint(contentsOf: file))
      for _ in 0..<3 { #expect(try resumed.step(batch) == straight.step(batch)) }
      #expect(resumed.checkpoint() == straight.checkpoint())
    }
    configuration = Self.configuration(layout)
    let plain = try Trainer(configuration: configuration, parameters: straight.parameters)
    let (a, b) = (try plain.loss(of: batch, asStep: 0), try straight.model().loss(of: batch, configuration.loss))
    #expect(abs(a.total - b.total) < 1e-5 * b.total)
  }

  @Test("States that do not lie on a lattice, and other fields, are refused in words")
  func refusals() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch let error as LearningError { return error.message } catch { return "\(error)" }
      return ""
    }
    var configuration = Self.configuration(Self.ring(6)).model
    #expect(message { try configuration.validate() } == "")
    configuration.constraint = .projection
    #expect(message { try configuration.validate() }.contains("density matrix"))
    #expect(
      message { _ = try ModelCatalogue.type(.cnn, for: Chaos.layout) }
        .hasPrefix("the family “cnn” cannot learn states of xyz [3]; use mlp or "))
    let model = try Trainer(configuration: Self.configuration(Self.ring(6))).model()
    for other in [Self.square(4, 3), Chaos.layout, Fixtures.layout(sites: 4), Self.layouts[2]] {
      #expect(message { _ = try model.predictor(for: other) }.contains("but not on states of"))
    }
    #expect(message { _ = try model.predictor(for: Self.ring(31)) } == "")
    // As many planes, but other fields.
    let swapped = StateLayout(
      [Field("u", shape: [6]), Field("v", shape: [6, 2]), Field("k", shape: [6], role: .parameter)], domain: .ring(6))
    #expect(message { _ = try model.predictor(for: swapped) }.contains("but not on states of"))
    // A layout from a damaged file is refused before memory is taken for it.
    let huge = StateLayout([Field("u", shape: [1, 1 << 29])], domain: .ring(1))
    #expect(!GridNetworkModel.accepts(huge))
    #expect(GridNetworkModel.accepts(StateLayout([Field("u", shape: [1 << 29])], domain: .ring(1 << 29))))
  }
}
