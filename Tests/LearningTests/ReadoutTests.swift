import Foundation
import Tensors
import TestSupport
import Testing
import Trajectories

@testable import Learning

@Suite("Readouts fitted in closed form")
struct ReadoutTests {
  /// The last frames predicted from the true ones before them, one frame ahead.
  private func predicted(_ model: any SurrogateModel, _ oracle: ReadoutOracle, frames: Int) throws -> [Double] {
    let predictor = try model.predictor(for: oracle.layout)
    var found: [Double] = []
    for index in (oracle.count - 1 - frames - model.memory)..<(oracle.count - 1) {
      let before = try oracle.window(index..<(index + 2)).state(0)
      guard index >= oracle.count - 1 - frames else {
        predictor.observe(before)
        continue
      }
      var after = before
      predictor.advance(&after)
      found += zip(after.values, before.values).map { Double($0) - Double($1) }
    }
    return found
  }

  @Test("The fit has the features, the predictions and the rollouts of least squares by another way", arguments: 0..<4)
  func oracle(index: Int) throws {
    let oracle = try ReadoutOracle.all()[index]
    let trainer = try oracle.trainer()
    try trainer.learn(oracle.windows(64))
    let model = try #require(try trainer.model() as? VectorAutoregression)
    let shape = try VectorAutoregression.shape(model.configuration)
    #expect(shape.features == oracle.features)
    #expect(model.memory == (oracle.taps - 1) * oracle.stride)
    let weights = try #require(
      shape.readouts(
        model.parameters, from: shape.start(in: VectorAutoregression.parameterLayout(model.configuration)))[0].last)
    #expect(weights.count == oracle.weights.count)
    // Two taps are nearly collinear, and a double has 16 digits: the weights are determined to four, what they make of
    // the frames to rounding.
    let largest = oracle.weights.map(abs).max()!
    let apart = zip(weights, oracle.weights).map { abs($0 - $1) }.max()! / largest
    #expect(apart < 1e-3, "\(oracle.name): weights differ by \(apart)")
    if oracle.radius == nil {
      let size = oracle.frames.map(abs).max()!
      let error = zip(try predicted(model, oracle, frames: 8), oracle.predicted).map { abs($0 - $1) }.max()!
      #expect(error < 2e-7 * size, "\(oracle.name): predictions differ by \(error) of \(size)")
    }
    let predictor = try model.predictor(for: oracle.layout)
    for step in 0..<model.memory { predictor.observe(try oracle.window(step..<(step + 2)).state(0)) }
    let start = try oracle.window(model.memory..<(model.memory + 2)).state(0)
    let rollout = predictor.rollout(from: start, steps: 20).dropFirst().flatMap { $0.values.map { Double($0) } }
    let size = oracle.rollout.map(abs).max()!
    let error = zip(rollout, oracle.rollout).map { abs($0 - $1) }.max()!
    #expect(error < 1e-5 * size, "\(oracle.name): rollouts differ by \(error) of \(size)")
  }

  @Test("How the frames are cut into windows changes nothing but rounding, and each is learnt from once")
  func windows() throws {
    let oracle = try ReadoutOracle.all()[0]
    let sums = try [401, 64, 5].map { length in
      let trainer = try oracle.trainer()
      try trainer.learn(oracle.windows(length))
      return try #require(trainer.checkpoint().training).sums
    }
    let count = sums[0].count
    for other in sums {
      #expect(other[count - 2] == 400, "there are 400 transitions with a frame before them")
      #expect(other[count - 3] == 400)
      let largest = sums[0].map(abs).max()!
      // All but the readout that the loss was told with, which depends on when it was solved.
      let gram = 28 * 28 + 3 * 28 + 3
      #expect(zip(other, sums[0]).prefix(gram).allSatisfy { abs($0 - $1) < 1e-12 * largest })
    }
  }

  @Test("Training that is stopped between two windows goes on to the same bits", arguments: ["nvar", "echo-state"])
  func resumed(family: String) throws {
    let oracle = try ReadoutOracle.all()[0]
    let trainer = { () throws -> Trainer in
      if family == "nvar" { return try oracle.trainer { $0.forgetting = 0.999 } }
      var settings = EchoStateSettings()
      (settings.units, settings.warmUp) = (20, 3)
      return try Trainer(
        configuration: TrainerConfiguration(
          model: ModelConfiguration(family: .echoState, settings: settings.attributes, layout: oracle.layout),
          curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)])))
    }
    let windows = try oracle.windows(20, memory: 3)
    let whole = try trainer()
    let told = try whole.learn(windows)
    let first = try trainer()
    try first.learn(Array(windows.prefix(7)))
    let file = try first.checkpoint().safetensors()
    let second = try Trainer(resuming: Checkpoint(Safetensors(try file.encoded()), name: "checkpoint"))
    let rest = try second.learn(Array(windows.dropFirst(7)))
    #expect(rest == Array(told.dropFirst(7)), "the losses are the same")
    #expect(second.parameters == whole.parameters)
    #expect(second.checkpoint() == whole.checkpoint())
    #expect(!whole.isFinished)
  }

  @Test("The loss of a window is told before the window is learnt from, and falls as windows come")
  func loss() throws {
    let oracle = try ReadoutOracle.all()[0]
    let trainer = try oracle.trainer()
    let windows = try oracle.windows(20)
    let reports = try trainer.learn(windows)
    let first = try #require(reports.first)
    #expect(first.loss.total > 0.1, "at first nothing changes")
    #expect(reports.last!.loss.total < 3e-3 * first.loss.total)
    #expect(reports.allSatisfy { $0.learningRate == 0 && $0.gradientNorm == 0 })
  }

  @Test("At the beginning of a trajectory a readout of the frames that there are is used, and none are made up")
  func beginning() throws {
    let oracle = try ReadoutOracle.all()[2]
    let trainer = try oracle.trainer()
    try trainer.learn(oracle.windows(64))
    let model = try trainer.model()
    #expect(model.memory == 4)
    // With one frame, the model of one tap; its errors are those of a fit of one tap alone.
    let single = try oracle.trainer { $0.taps = 1 }
    try single.learn(oracle.windows(64))
    let start = try oracle.window(150..<152)
    var (cold, other) = (start.state(0), start.state(0))
    try model.predictor(for: oracle.layout).advance(&cold)
    try single.model().predictor(for: oracle.layout).advance(&other)
    for k in 0..<3 {
      #expect(abs(cold.values[k] - other.values[k]) < 0.02)
      #expect(abs(cold.values[k] - start.values[3 + k]) < 0.1)
    }
  }

  @Test("What went by long ago fades: after the equations change the fit follows them")
  func forgetting() throws {
    func window(_ rate: Double, _ number: Int) throws -> TrainingWindow {
      var (x, values): (Double, [Float]) = (1 + 0.1 * Double(number % 5), [])
      for _ in 0...20 {
        values.append(Float(x))
        x *= rate
      }
      return try TrainingWindow(
        trajectory: number, start: 0, layout: StateLayout([Field("u")]), values: values, tendencies: nil)
    }
    func rate(_ forgetting: Double) throws -> Double {
      let settings = VectorAutoregressionSettings(order: 1, taps: 1, ridge: 1e-9, forgetting: forgetting)
      let trainer = try Trainer(
        configuration: TrainerConfiguration(
          model: ModelConfiguration(family: .nvar, settings: settings.attributes, layout: StateLayout([Field("u")])),
          curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)])))
      try trainer.learn((0..<20).map { try window(0.9, $0) } + (0..<20).map { try window(0.8, $0) })
      let predictor = try trainer.model().predictor(for: StateLayout([Field("u")]))
      var state = State<Float>(StateLayout([Field("u")]), [1])
      predictor.advance(&state)
      return Double(state.values[0])
    }
    #expect(abs(try rate(0.95) - 0.8) < 1e-3)
    #expect(try rate(1) > 0.82, "without forgetting both rates weigh")
  }

  @Test("The echo-state network learns Lorenz's attractor, a ring and a density matrix, and runs on other sizes")
  func echoState() throws {
    let oracle = try ReadoutOracle.all()[0]
    func fitted(_ windows: [TrainingWindow], _ change: (inout EchoStateSettings) -> Void) throws -> any TrainableModel {
      var settings = EchoStateSettings()
      change(&settings)
      var fold = FieldScalesFold()
      for window in windows { fold.add(window) }
      let trainer = try Trainer(
        configuration: TrainerConfiguration(
          model: ModelConfiguration(
            family: .echoState, settings: settings.attributes, scales: fold.result, layout: windows[0].layout),
          curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)])))
      try trainer.learn(windows)
      return try trainer.model()
    }
    func score(_ model: any SurrogateModel, _ windows: [TrainingWindow], _ warmUp: Int) throws -> Double {
      try RolloutScore(of: model, on: windows, steps: 5, warmUp: warmUp).total
        / RolloutScore(of: Persistence(), on: windows, steps: 5, warmUp: warmUp).total
    }
    let lorenz = try fitted([oracle.window(0..<350)]) { ($0.units, $0.warmUp) = (60, 20) }
    #expect(try score(lorenz, [oracle.window(340..<402)], 20) < 0.05)

    let ring = try ReadoutOracle.all()[3]
    let local = try fitted([ring.window(0..<70)]) { ($0.units, $0.warmUp) = (40, 8) }
    let found = try score(local, [ring.window(55..<80)], 8)
    #expect(found < 0.5, "\(found)")
    let larger = StateLayout([Field("u", shape: [12])], domain: .ring(12))
    let predictor = try local.predictor(for: larger)
    var state = State<Float>(larger, (0..<12).map { Float(2 + sin(Double($0))) })
    predictor.advance(&state)
    #expect(state.isFinite)
    #expect(throws: LearningError.self) { try local.predictor(for: oracle.layout) }

    let matrix = try fitted((0..<6).map { try Fixtures.window(trajectory: $0, steps: 12) }) {
      ($0.units, $0.warmUp, $0.radius) = (10, 2, 1)
    }
    let other = try matrix.predictor(for: Fixtures.layout(sites: 8))
    var rho = State<Float>(zero: Fixtures.layout(sites: 8))
    other.advance(&rho)
    #expect(rho.isFinite)
  }

  @Test("The recurrent weights have the spectral radius that was asked for")
  func spectralRadius() throws {
    var settings = EchoStateSettings()
    (settings.units, settings.degree, settings.spectralRadius) = (200, 10, 0.7)
    let configuration = ModelConfiguration(
      family: .echoState, settings: settings.attributes, layout: StateLayout([Field("u")]))
    let values = try EchoState.initialParameters(configuration, seed: 3)
    let tensors = try EchoState.parameterLayout(configuration).tensors
    // A high power of the matrix, by squaring, measured by its largest entry: ‖Aⁿ‖^(1/n) → ρ.
    let n = settings.units
    var matrix = [Double](repeating: 0, count: n * n)
    for unit in 0..<n {
      for k in 0..<10 {
        matrix[unit * n + Int(values[tensors[2].offset + unit * 10 + k])] +=
          Double(values[tensors[3].offset + unit * 10 + k])
      }
    }
    var logarithm = 0.0
    for doubling in 0..<10 {
      var square = matrix
      BLAS.multiply(matrix, matrix, into: &square, m: n, k: n, n: n)
      let largest = square.map(abs).max()!
      matrix = square.map { $0 / largest }
      logarithm = 2 * logarithm + log(largest)
      _ = doubling
    }
    #expect(abs(exp(logarithm / 1024) - 0.7) < 0.02)
  }

  @Test("Settings that no readout can be made from, and files that do not hold together, are refused by name")
  func refused() throws {
    let layout = StateLayout([Field("u", shape: [40])])
    func message(_ settings: VectorAutoregressionSettings) -> String {
      let error = #expect(throws: LearningError.self) {
        try ModelConfiguration(family: .nvar, settings: settings.attributes, layout: layout).validate()
      }
      return error?.message ?? ""
    }
    #expect(message(.init(order: 3)).contains("more than 4096 features"))
    #expect(message(.init(order: 8, taps: 256)).contains("lower order, taps or radius"))
    #expect(message(.init(ridge: 0)).contains("ridge of an nvar must be above 0"))
    #expect(message(.init(forgetting: 1.5)).contains("forgetting"))

    let oracle = try ReadoutOracle.all()[0]
    let trainer = try oracle.trainer()
    try trainer.learn(oracle.windows(64))
    var file = try trainer.checkpoint().safetensors()
    #expect(try Checkpoint(file, name: "whole") == trainer.checkpoint())
    file.tensors["sums.gram"] = .init(doubles: Array(repeating: .nan, count: 28 * 28), shape: [28, 28])
    #expect(throws: LearningError.self) { try Checkpoint(file, name: "not finite") }
    file.tensors["sums.gram"] = nil
    #expect(throws: LearningError.self) { try Checkpoint(file, name: "missing") }
    // Numbers to which a frame more cannot be added.
    file = try trainer.checkpoint().safetensors()
    file.tensors["sums.counts"] = .init(doubles: [64, 64, 9.2e18], shape: [3])
    let error = #expect(throws: LearningError.self) {
      try Trainer(resuming: Checkpoint(file, name: "large")).learn(oracle.windows(64))
    }
    #expect(error?.message.contains("sums.counts") == true, "\(error?.message ?? "")")
    let short = try oracle.window(0..<2)
    #expect(throws: LearningError.self) { try oracle.trainer().learn([short]) }

    var settings = EchoStateSettings()
    settings.units = 5
    let configuration = ModelConfiguration(family: .echoState, settings: settings.attributes, layout: oracle.layout)
    var values = try EchoState.initialParameters(configuration, seed: 1)
    let columns = try EchoState.parameterLayout(configuration).tensors[2]
    values[columns.offset] = 5
    #expect(throws: LearningError.self) { try EchoState(configuration: configuration, parameters: values) }
  }
}
