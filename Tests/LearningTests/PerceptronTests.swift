import Foundation
import Settings
import Tensors
import TestSupport
import Testing
import Trajectories

@testable import Learning

struct PerceptronTests {
  static func configuration(
    _ layout: StateLayout, _ settings: PerceptronSettings, scales: FieldScales, noise: Float = 0, steps: Int = 1,
    batches: Int = 1000, rate: Float = 1e-3
  ) -> TrainerConfiguration {
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(settings, scales: scales, layout: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: batches, steps: steps, noise: noise)]))
    configuration.schedule = LearningRateSchedule(base: rate, warmUp: 5)
    configuration.seed = 5
    return configuration
  }

  @Test("An mlp learns Lorenz-63: the loss falls, and its step is ten times better than persistence")
  func lorenz() throws {
    let windows = try (0..<60).map { try Chaos.window(trajectory: $0, steps: 12) }
    let scales = windows.reduce(into: FieldScalesFold()) { $0.add($1) }.result
    let trainer = try Trainer(
      configuration: Self.configuration(
        Chaos.layout, PerceptronSettings(width: 32), scales: scales, batches: 1000, rate: 5e-3))
    var random = CounterRandom(seed: 1, purpose: .sampler)
    func batch() throws -> TrainingBatch {
      try TrainingBatch(
        (0..<32).map { _ in
          TrainingSample(
            windows[Int.random(in: 0..<windows.count, using: &random)], offset: Int.random(in: 0..<12, using: &random))
        }, steps: 1)
    }
    let first = try trainer.step(batch()).loss.total
    var last: Float = 0
    for _ in 0..<1000 { last = try trainer.step(batch()).loss.total }
    #expect(last < first / 10, "\(first) to \(last)")
    let heldOut = try (100..<108).map { try Chaos.window(trajectory: $0, steps: 12) }
    func error(_ model: any SurrogateModel) throws -> Double {
      try RolloutScore(of: model, on: heldOut, steps: 1).total
    }
    let (ours, persistence) = (try error(trainer.model()), try error(Persistence()))
    #expect(ours < persistence / 10, "\(ours) against \(persistence)")
  }

  @Test(
    "The gradient of an mlp is the slope of the loss, over steps, with noise, teacher forcing and weighted steps",
    arguments: PerceptronSettings.Activation.allCases, [Float(0), 0.3])
  func slope(activation: PerceptronSettings.Activation, teacherForcing: Float) throws {
    let settings = PerceptronSettings(width: 12, activation: activation, zeroInitialisedOutput: false)
    var configuration = Self.configuration(Chaos.layout, settings, scales: Chaos.scales, noise: 0.1, steps: 3)
    configuration.teacherForcing = teacherForcing
    configuration.loss.stepCoefficient = 0.8
    let batch = try TrainingBatch(
      (0..<11).map { TrainingSample(try Chaos.window(trajectory: $0, steps: 4), offset: 1) }, steps: 3)
    // The slope of relu jumps, which differences see.
    try Slope.check(configuration, batch, distance: 2e-3, tolerance: activation == .relu ? 1e-2 : 2e-3)
  }

  @Test("The gradient of an mlp on a density matrix is the slope of the loss in its four parts")
  func matrixSlope() throws {
    let configuration = Self.configuration(
      Fixtures.layout(sites: 4), PerceptronSettings(width: 16, zeroInitialisedOutput: false), scales: Fixtures.scales,
      steps: 2)
    let batch = try Fixtures.batch(count: 3, sites: 4, steps: 2)
    #expect(try Trainer(configuration: configuration).loss(of: batch, asStep: 0).state.count == 4)
    try Slope.check(configuration, batch, distance: 2e-3, tolerance: 2e-3)
  }

  @Test("Losses, gradients and weights are the same bits on one, two and three cores", arguments: [1, 5, 21])
  func workers(count: Int) throws {
    let batch = try TrainingBatch(
      (0..<count).map { TrainingSample(try Chaos.window(trajectory: $0, steps: 2)) }, steps: 2)
    func train(_ workers: Int) throws -> ([TrainingStepReport], [Float]) {
      var configuration = Self.configuration(
        Chaos.layout, PerceptronSettings(width: 20, zeroInitialisedOutput: false), scales: Chaos.scales, noise: 0.01)
      configuration.workers = workers
      let trainer = try Trainer(configuration: configuration)
      return (try (0..<4).map { _ in try trainer.step(batch) }, trainer.parameters)
    }
    let one = try train(1)
    #expect(one.0[3].loss != one.0[0].loss)
    for workers in [2, 3] {
      let other = try train(workers)
      #expect(other.0 == one.0)
      #expect(other.1 == one.1)
    }
  }

  @Test("A trainer of an mlp goes on from its file to the same bits, and the file's model predicts the same")
  func resume() async throws {
    let windows = try (0..<10).map { TrainingSample(try Chaos.window(trajectory: $0, steps: 2)) }
    let batch = try TrainingBatch(windows, steps: 2)
    let straight = try Trainer(
      configuration: Self.configuration(
        Chaos.layout, PerceptronSettings(width: 9, layers: 2, activation: .tanh), scales: Chaos.scales, noise: 0.01))
    for _ in 0..<5 { try straight.step(batch) }
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "step.safetensors")
      try straight.checkpoint().write(to: file)
      let resumed = try Trainer(resuming: Checkpoint(contentsOf: file))
      for _ in 0..<5 { #expect(try resumed.step(batch) == straight.step(batch)) }
      #expect(resumed.checkpoint() == straight.checkpoint())
      try straight.checkpoint().write(to: file)
      let model = try ModelCatalogue.model(contentsOf: file)
      #expect(model.summary == "mlp 9×2, 66 parameters")
      let start = batch.samples[0].window.state(0)
      #expect(
        try model.predictor(for: Chaos.layout).rollout(from: start, steps: 5)
          == straight.model().predictor(for: Chaos.layout).rollout(from: start, steps: 5))
    }
  }

  @Test("Rollouts agree with training, whatever the widths", arguments: [(1, 1), (3, 1), (7, 2), (70, 3), (200, 4)])
  func predictor(width: Int, layers: Int) throws {
    for activation in PerceptronSettings.Activation.allCases {
      let settings = PerceptronSettings(
        width: width, layers: layers, activation: activation, zeroInitialisedOutput: false)
      let layout = StateLayout([
        Field("u", shape: [19]), Field("g", role: .parameter), Field("v", shape: [2], isComplex: true),
      ])
      let configuration = Self.configuration(
        layout, settings, scales: FieldScales(fields: ["u", "g", "v"], repeating: 0.5), steps: 4)
      var random = CounterRandom(seed: 3, purpose: .evaluation)
      let values = (0..<(5 * 24)).map { _ in Float(random.uniform() - 0.5) }
      let window = try TrainingWindow(trajectory: 0, start: 0, layout: layout, values: values, tendencies: nil)
      let batch = try TrainingBatch([TrainingSample(window)], steps: 4)
      let trainer = try Trainer(configuration: configuration)
      let (training, rollout) = (
        try trainer.loss(of: batch, asStep: 0), try trainer.model().loss(of: batch, configuration.loss)
      )
      #expect(training.state.map(\.name) == ["u", "v"])
      for (a, b) in zip(training.state, rollout.state) { #expect(abs(a.value - b.value) < 1e-5 * b.value) }
      // A parameter is an input, but does not move.
      var (state, other) = (window.state(0), window.state(0))
      other["g"] = [other.values[19] + 1]
      let constant = other.values[19]
      let predictor = try trainer.model().predictor(for: layout)
      predictor.advance(&state)
      predictor.advance(&other)
      #expect(state.values[19] == window.values[19] && other.values[19] == constant)
      #expect(state.values[0] != other.values[0])
    }
  }

  @Test("A model of the tendency is trained through its integrator: gradient, rollouts and time derivative agree")
  func tendency() throws {
    let configurations = [
      Self.configuration(
        Chaos.layout, PerceptronSettings(width: 12, zeroInitialisedOutput: false), scales: Chaos.scales, steps: 2),
      // Small changes, since eight networks in a chain of large ones bend the loss within a thousandth.
      GridNetworkTests.configuration(GridNetworkTests.ring(6), increment: 0.02),
    ]
    let batches = [
      try TrainingBatch((0..<5).map { TrainingSample(try Chaos.window(trajectory: $0, steps: 2)) }, steps: 2),
      try GridNetworkTests.batch(GridNetworkTests.ring(6)),
    ]
    for (var configuration, batch) in zip(configurations, batches) {
      let direct = try Trainer(configuration: configuration).loss(of: batch, asStep: 0)
      configuration.model.learns = .tendency
      #expect(throws: LearningError.self) { try Trainer(configuration: configuration) }
      configuration.model.interval = 0.02
      let trainer = try Trainer(configuration: configuration)
      let training = try trainer.loss(of: batch, asStep: 0)
      #expect(training != direct)
      let rollout = try trainer.model().loss(of: batch, configuration.loss)
      #expect(abs(training.total - rollout.total) < 1e-5 * rollout.total)
      try Slope.check(configuration, batch, distance: 1e-3, tolerance: 2e-3)
      // du/dt times the interval is the change of a model of the next state with the same weights.
      let start = batch.samples[0].window.state(0)
      let derivative = try #require(trainer.model().predictor(for: batch.layout).tendency(at: start))
      configuration.model.learns = .state
      var next = start
      try Trainer(configuration: configuration, parameters: trainer.parameters).model().predictor(for: batch.layout)
        .advance(&next)
      for k in start.values.indices {
        #expect(
          abs(derivative.values[k] * 0.02 - (next.values[k] - start.values[k])) < 1e-5 * max(1, abs(next.values[k])))
      }
    }
  }

  @Test("The defaults of the keys are those of the settings")
  func keys() {
    #expect(PerceptronSettings(.listing()) == PerceptronSettings())
    #expect(ModelConfiguration(.mlp, .listing()).settings == PerceptronSettings().attributes)
  }

  @Test("What an mlp cannot do is refused in words")
  func refusals() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch let error as LearningError { return error.message } catch { return "\(error)" }
      return ""
    }
    func validate(
      _ layout: StateLayout?, _ settings: PerceptronSettings = .init(), _ constraint: StateConstraint? = nil
    ) -> String {
      message {
        var configuration = ModelConfiguration(settings, layout: Chaos.layout)
        configuration.layout = layout
        configuration.constraint = constraint
        try configuration.validate()
      }
    }
    #expect(validate(Chaos.layout) == "")
    #expect(validate(nil).contains("layout"))
    #expect(validate(StateLayout([Field("u", shape: [200, 200])])).contains("40000 are too many"))
    #expect(validate(StateLayout([Field("u", shape: [16000])]), .init(width: 4096)).contains("lower width or layers"))
    #expect(validate(Fixtures.layout(sites: 4), .init(), .projection).contains("constrain"))
    #expect(validate(Chaos.layout, .init(width: 0)).contains("width"))
    #expect(validate(Chaos.layout, .init(layers: 65)).contains("layers"))
    var unknown = ModelConfiguration(PerceptronSettings(), layout: Chaos.layout)
    unknown.settings["channels"] = .number(3)
    #expect(message { try unknown.validate() }.contains("channels"))
    let model = try Trainer(
      configuration: Self.configuration(Chaos.layout, PerceptronSettings(width: 4), scales: Chaos.scales)
    ).model()
    #expect(message { _ = try model.predictor(for: Fixtures.layout(sites: 4)) }.contains("rho [4, 4] complex"))
    let batch = try Fixtures.batch(count: 2, sites: 4)
    #expect(
      message { _ = try model.backend(TrainingOptions()).gradient(of: batch, step: 0, noise: 0, injection: nil) }
        .contains("cannot take others"))
  }
}
