import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Learning

struct TrainerTests {
  @Test("A trainer resumed from its checkpoint goes on to the same bits", arguments: [ModelFamily.cnn, .parc])
  func resume(family: ModelFamily) async throws {
    try await withTemporaryDirectory { folder in
      let batch = try Fixtures.batch()
      let straight = try Trainer(configuration: Fixtures.configuration(family))
      for _ in 0..<5 { try straight.step(batch) }
      let file = folder.appending(path: "step.safetensors")
      try straight.checkpoint().write(to: file)
      let resumed = try Trainer(resuming: Checkpoint(contentsOf: file))
      #expect(resumed.parameters == straight.parameters)
      for _ in 0..<5 { #expect(try resumed.step(batch) == straight.step(batch)) }
      #expect(resumed.parameters == straight.parameters)
      #expect(resumed.checkpoint() == straight.checkpoint())
    }
  }

  @Test("The loss of a past step is found again from the checkpoint before it, to the bit")
  func replay() throws {
    let batch = try Fixtures.batch()
    let trainer = try Trainer(configuration: Fixtures.configuration(.parc))
    for _ in 0..<3 { try trainer.step(batch) }
    let before = trainer.checkpoint()
    let report = try trainer.step(batch)
    #expect(try Trainer(resuming: before).loss(of: batch, asStep: 3) == report.loss)
  }

  @Test("Training lowers the loss of a batch", arguments: [ModelFamily.cnn, .parc])
  func learns(family: ModelFamily) throws {
    let batch = try Fixtures.batch()
    let trainer = try Trainer(configuration: Fixtures.configuration(family, dropout: 0, noise: 0))
    let first = try trainer.step(batch).loss.total
    for _ in 0..<60 { try trainer.step(batch) }
    #expect(try trainer.step(batch).loss.total < 0.9 * first)
  }

  @Test(
    "The gradient is the slope of the loss along a random direction",
    arguments: [(ModelFamily.cnn, 6), (.parc, 6), (.cnn, 16), (.parc, 16), (.cnn, 8)], [Float(0), 0.3])
  func slope(setting: (family: ModelFamily, sites: Int), teacherForcing: Float) throws {
    var configuration = Fixtures.configuration(setting.family, noise: 0)
    configuration.teacherForcing = teacherForcing
    let batch = try Fixtures.batch(count: 2, sites: setting.sites)
    let start = try Trainer(configuration: configuration).parameters
    let gradient = try Trainer(configuration: configuration).step(batch, injection: .init()).gradient
    // Along the gradient itself, so that the slope is its norm and rounding weighs least.
    let norm = gradient.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    func loss(_ distance: Double) throws -> Double {
      let moved = zip(start, gradient).map { Float(Double($0) + distance * Double($1) / norm) }
      return Double(
        try Trainer(configuration: configuration, parameters: moved).loss(of: batch, asStep: 0).total)
    }
    let h = 2e-3
    let slope = (8 * (try loss(h) - loss(-h)) - (try loss(2 * h) - loss(-2 * h))) / (12 * h)
    #expect(abs(slope - norm) < 2e-3 * norm, "slope \(slope), norm \(norm)")
  }

  @Test("The gradient of a very large network, summed without transformed sums, is the slope of the loss")
  func largeSlope() throws {
    var configuration = Fixtures.configuration(.cnn, channels: 256, dropout: 0, noise: 0, steps: 1)
    configuration.workers = 2
    let batch = try Fixtures.batch(count: 2, sites: 16, steps: 1)
    let start = try Trainer(configuration: configuration)
    let parameters = start.parameters
    let gradient = try start.step(batch, injection: .init()).gradient
    let norm = gradient.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    func loss(_ distance: Double) throws -> Double {
      let moved = zip(parameters, gradient).map { Float(Double($0) + distance * Double($1) / norm) }
      return Double(try Trainer(configuration: configuration, parameters: moved).loss(of: batch, asStep: 0).total)
    }
    let h = 2e-3
    let slope = (try loss(h) - loss(-h)) / (2 * h)
    #expect(abs(slope - norm) < 2e-2 * norm, "slope \(slope), norm \(norm)")
  }

  @Test("Through the projection of ρ, too, the gradient is the slope of the loss", arguments: [ModelFamily.cnn, .parc])
  func projectedSlope(family: ModelFamily) throws {
    var configuration = Fixtures.configuration(family, noise: 0)
    configuration.model.constraint = .projection
    let batch = try Fixtures.batch(count: 2)
    let start = try Trainer(configuration: configuration)
    let parameters = start.parameters
    let plain = try Trainer(configuration: Fixtures.configuration(family, noise: 0)).loss(of: batch, asStep: 0)
    let projected = try start.loss(of: batch, asStep: 0)
    #expect(projected != plain)
    let gradient = try start.step(batch, injection: .init()).gradient
    let norm = gradient.map { Double($0) * Double($0) }.reduce(0, +).squareRoot()
    func loss(_ distance: Double) throws -> Double {
      let moved = zip(parameters, gradient).map { Float(Double($0) + distance * Double($1) / norm) }
      return Double(try Trainer(configuration: configuration, parameters: moved).loss(of: batch, asStep: 0).total)
    }
    let h = 2e-3
    let slope = (8 * (try loss(h) - loss(-h)) - (try loss(2 * h) - loss(-2 * h))) / (12 * h)
    #expect(abs(slope - norm) < 2e-3 * norm, "slope \(slope), norm \(norm)")
  }

  @Test("A network trained under the projection predicts Hermitian ρ of trace L/2, also from its checkpoint")
  func projectedRollout() throws {
    var configuration = Fixtures.configuration(.cnn)
    configuration.model.constraint = .projection
    let trainer = try Trainer(configuration: configuration)
    for _ in 0..<3 { try trainer.step(Fixtures.batch()) }
    let model = try Checkpoint(trainer.checkpoint().safetensors(), name: "test").surrogate()
    let start = try Fixtures.window().state(0)
    let state = try model.predictor(for: Fixtures.layout(sites: 6)).rollout(from: start, steps: 2)[2]
    var projected = state
    ProjectedModel.project(&projected)
    for (a, b) in zip(state.values, projected.values) { #expect(abs(a - b) < 1e-6) }
    var bare = configuration.model
    bare.constraint = nil
    let unprojected = try NetworkModel(configuration: bare, parameters: trainer.parameters)
    var expected = start
    try unprojected.predictor(for: Fixtures.layout(sites: 6)).advance(&expected)
    ProjectedModel.project(&expected)
    let predicted = try model.predictor(for: Fixtures.layout(sites: 6)).rollout(from: start, steps: 1)[1]
    #expect(predicted == expected)
  }

  @Test("Augmentation by the configuration is the augmented batch, and is drawn anew in every step")
  func augmentation() throws {
    let batch = try Fixtures.batch(sites: 8)
    var configuration = Fixtures.configuration(.cnn)
    let plain = try Trainer(configuration: configuration)
    configuration.augmentation = SymmetryAugmentation(translations: true, reflections: true)
    let augmenting = try Trainer(configuration: configuration)
    let seed = configuration.seed
    let all = try SymmetryGroup(.all, of: batch.layout)
    #expect(
      try augmenting.loss(of: batch, asStep: 4)
        == plain.loss(of: batch.augmented(seed: seed, step: 4, by: all), asStep: 4))
    #expect(batch.augmented(seed: seed, step: 4, by: all) != batch.augmented(seed: seed, step: 5, by: all))
    let none = try SymmetryGroup(.init(translations: false, reflections: false), of: batch.layout)
    #expect(batch.augmented(seed: seed, step: 4, by: none).samples.map(\.window) == batch.samples.map(\.window))
    let translations = try SymmetryGroup(.init(translations: true, reflections: false), of: batch.layout)
    let turned = batch.augmented(seed: seed, step: 4, by: translations)
    for (sample, original) in zip(turned.samples, batch.samples) {
      #expect(sample.identity == original.identity)
      #expect(
        (0..<8).contains { original.window.transformed(by: Fixtures.symmetry(sites: 8, shift: $0)) == sample.window })
    }
  }

  @Test(
    "Without noise and dropout, the loss on held-out data is that of training", arguments: [ModelFamily.cnn, .parc],
    [true, false])
  func validationLoss(family: ModelFamily, separatesDiagonal: Bool) throws {
    var configuration = Fixtures.configuration(family, dropout: 0, noise: 0)
    configuration.loss.separatesDiagonal = separatesDiagonal
    configuration.loss.stepCoefficient = 0.7
    let windows = try (0..<3).map { try Fixtures.window(trajectory: $0, steps: 5) }
    let batch = try TrainingBatch(windows.map { TrainingSample($0, offset: 1) }, steps: 3)
    let trainer = try Trainer(configuration: configuration)
    let expected = try trainer.loss(of: batch, asStep: 0)
    let found = try trainer.model().loss(of: batch, configuration.loss)
    #expect(abs(found.total - expected.total) < 1e-6 * expected.total)
    #expect(abs(found.state[0].value - expected.state[0].value) < 1e-6)
    #expect((found.tendency == nil) == (family == .cnn))
    configuration.model.settings["dropout"] = .number(0.3)
    let dropping = try Trainer(configuration: configuration)
    #expect(try dropping.model().loss(of: batch, configuration.loss) == found)
  }

  @Test("A batch that explodes is kept with its reason and leaves the weights alone, or stops the training")
  func anomaly() throws {
    var configuration = Fixtures.configuration(.cnn)
    let parameters = [Float](repeating: 3e38, count: try configuration.model.parameterCount)
    let batch = try Fixtures.batch()
    let skipping = try Trainer(configuration: configuration, parameters: parameters)
    let report = try skipping.step(batch)
    #expect(report.anomaly != nil)
    #expect(skipping.parameters == parameters)
    #expect(skipping.lastAnomaly?.batch == batch)
    #expect(skipping.step == 1 && skipping.updates == 0)
    configuration.anomalies = .stop
    let stopping = try Trainer(configuration: configuration, parameters: parameters)
    #expect(throws: LearningError.self) { try stopping.step(batch) }
    #expect(stopping.parameters == parameters)
  }

  @Test("PARC without derivatives in its data is refused in words, unless its loss does without them")
  func missingDerivatives() throws {
    let window = try Fixtures.window()
    let bare = try TrainingWindow(
      trajectory: 0, start: 0, layout: Fixtures.layout(sites: 6), values: window.values, tendencies: nil)
    let batch = try TrainingBatch([TrainingSample(bare)], steps: 2)
    var configuration = Fixtures.configuration(.parc)
    #expect(throws: LearningError.self) { try Trainer(configuration: configuration).step(batch) }
    configuration.loss.derivativeCoefficient = 0
    #expect(try Trainer(configuration: configuration).step(batch).loss.tendency == nil)
  }

  @Test(
    "Any number of workers gives the same loss and the same gradient, to the bit",
    arguments: [(ModelFamily.cnn, 16), (.parc, 6)], [5, 19])
  func workers(setting: (family: ModelFamily, sites: Int), count: Int) throws {
    let batch = try Fixtures.batch(count: count, sites: setting.sites, steps: 2)
    var configuration = Fixtures.configuration(setting.family)
    configuration.workers = 1
    let one = try Trainer(configuration: configuration).step(batch, injection: .init())
    for workers in [2, 3, 16] {
      configuration.workers = workers
      let several = try Trainer(configuration: configuration).step(batch, injection: .init())
      #expect(several.report == one.report)
      #expect(several.gradient == one.gradient)
    }
  }

  @Test("Networks commute with translations, so that only the mirror augments")
  func symmetries() throws {
    let window = try Fixtures.window(sites: 8)
    let mirror = Fixtures.symmetry(sites: 8, shift: 3, reflected: true)
    #expect(window.transformed(by: mirror).transformed(by: mirror) == window)
    let configuration = Fixtures.configuration(.parc, dropout: 0, noise: 0)
    func loss(_ window: TrainingWindow) throws -> Float {
      try Trainer(configuration: configuration).loss(
        of: TrainingBatch([TrainingSample(window)], steps: 3), asStep: 0
      ).total
    }
    let plain = try loss(window)
    #expect(abs(try loss(window.transformed(by: Fixtures.symmetry(sites: 8, shift: 3))) - plain) < 1e-5 * plain)
    #expect(
      abs(try loss(window.transformed(by: Fixtures.symmetry(sites: 8, shift: 0, reflected: true))) - plain) > 1e-4
        * plain)
    let batch = try TrainingBatch([TrainingSample(window)], steps: 3)
    let all = try SymmetryGroup(.all, of: batch.layout)
    #expect(batch.augmented(seed: 1, step: 2, by: all) == batch.augmented(seed: 1, step: 2, by: all))
  }

  @Test("Scalars freeze after the windows that were asked for, or grow when the data outgrow them")
  func scalarRules() throws {
    var fold = FieldScalesFold()
    fold.add(try Fixtures.window())
    #expect(ScalarRule.freeze(windows: 2).scales(after: fold, current: nil) == nil)
    fold.add(try Fixtures.window(trajectory: 1))
    let frozen = try #require(ScalarRule.freeze(windows: 2).scales(after: fold, current: nil))
    #expect(ScalarRule.freeze(windows: 2).scales(after: fold, current: frozen) == nil)
    #expect(ScalarRule.given.scales(after: fold, current: nil) == nil)
    let adapt = ScalarRule.adapt(windows: 1, growth: 1.5)
    #expect(adapt.scales(after: fold, current: frozen) == nil)
    var smaller = frozen
    smaller["Q"].state = frozen["Q"].state / 2
    #expect(adapt.scales(after: fold, current: smaller) == frozen)

    let trainer = try Trainer(configuration: Fixtures.configuration(.cnn))
    try trainer.step(Fixtures.batch())
    try trainer.adopt(frozen)
    #expect(trainer.checkpoint().model.scales == frozen)
    #expect(try trainer.step(Fixtures.batch()).anomaly == nil)
    #expect(throws: LearningError.self) { try trainer.adopt(FieldScales(fields: ["rho", "Q", "P"], repeating: 0)) }
  }

  @Test("A loss above the bound counts as an explosion")
  func explosion() throws {
    var configuration = Fixtures.configuration(.cnn)
    configuration.largestLoss = 1e-6
    let trainer = try Trainer(configuration: configuration)
    #expect(try trainer.step(Fixtures.batch()).anomaly == "the loss exploded")
    #expect(trainer.updates == 0)
  }
}
