import Foundation
import Tensors
import Testing
import Trajectories

@testable import Learning

@Suite("Piecewise linear recurrent networks")
struct PiecewiseLinearTests {
  private static let layout = StateLayout([Field("u", shape: [3])])
  private static let scales = FieldScales(["u": FieldScale(state: 20, tendency: 1, increment: 1)])

  private static func configuration(
    _ family: ModelFamily, steps: Int = 12, batch: Int = 3, _ change: (inout PiecewiseLinearSettings) -> Void = { _ in }
  ) -> TrainerConfiguration {
    var settings = PiecewiseLinearSettings(family)
    (settings.hidden, settings.latent, settings.rectified, settings.interval) = (18, 7, 3, 5)
    change(&settings)
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(family: family, settings: settings.attributes, scales: scales, layout: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 400, steps: steps, noise: 0)]))
    configuration.batchSize = batch
    configuration.seed = 5
    configuration.weightDecay = 0
    return configuration
  }

  private static func batch(_ count: Int, steps: Int) throws -> TrainingBatch {
    try TrainingBatch(
      (0..<count).map { number in
        let window = try Chaos.window(trajectory: number, steps: steps)
        return TrainingSample(
          try TrainingWindow(
            trajectory: number, start: 0, layout: layout, values: window.values, tendencies: nil))
      }, steps: steps)
  }

  /// The loss whose gradient the backend finds, written out in double precision.
  private static func loss(_ p: [Double], _ model: ModelConfiguration, _ batch: TrainingBatch, alpha: Double) throws
    -> Double
  {
    let settings = try PiecewiseLinearSettings(model)
    let layout = try PiecewiseLinearModel.parameterLayout(model)
    func value(_ name: String, _ place: Int...) -> Double {
      let tensor = layout.tensors.first { $0.name == name }!
      return p[tensor.offset + (place.count == 2 ? place[0] * tensor.shape[1] + place[1] : place[0])]
    }
    let isShallow = model.family == .shallowPLRNN
    let m = isShallow ? 3 : settings.latent
    var total = 0.0
    for sample in batch.samples {
      func x(_ t: Int, _ k: Int) -> Double { Double(sample.window.values[(sample.offset + t) * 3 + k]) / 20 }
      var z = (0..<m).map { i in
        i < 3
          ? x(0, i)
          : value("initial.bias", i - 3) + (0..<3).reduce(0) { $0 + value("initial.weight", i - 3, $1) * x(0, $1) }
      }
      for t in 0..<batch.steps {
        if t > 0 {
          let f = isShallow ? alpha : t % settings.interval == 0 ? 1 : 0
          for k in 0..<3 { z[k] = (1 - f) * z[k] + f * x(t, k) }
        }
        var next = [Double](repeating: 0, count: m)
        if isShallow {
          let bent = (0..<settings.hidden).map { j in
            let sum = (0..<3).reduce(0) { $0 + value("W2.transposed", $1, j) * z[$1] }
            return max(sum + value("h2", j), 0) - max(sum, 0)
          }
          for i in 0..<m {
            next[i] =
              value("A", i) * z[i] + value("h1", i)
              + bent.indices.reduce(0) { $0 + value("W1", i, $1) * bent[$1] }
          }
        } else {
          for i in 0..<m {
            next[i] = value("A", i) * z[i] + value("h", i)
            for k in 0..<m {
              next[i] += value("W.transposed", k, i) * (k < m - settings.rectified ? z[k] : max(z[k], 0))
            }
          }
        }
        z = next
        for k in 0..<3 { total += (z[k] - x(t + 1, k)) * (z[k] - x(t + 1, k)) }
      }
    }
    total /= Double(batch.samples.count * batch.steps * 3)
    for tensor in layout.tensors where !tensor.name.hasPrefix("initial") && tensor.name != "forcing" {
      for k in tensor.offset..<(tensor.offset + tensor.count) {
        let value = p[k] - (tensor.name == "A" ? 1 : 0)
        total += Double(settings.regularisation) * value * value
      }
    }
    return total
  }

  @Test(
    "The gradient through forced sequences is that of the loss, parameter by parameter",
    arguments: ["shplrnn", "al-rnn"], [Float(0), 0.3])
  func gradient(word: String, alpha: Float) throws {
    let family = ModelFamily(rawValue: word)
    var configuration = Self.configuration(family) { ($0.isAdaptive, $0.regularisation) = (false, 1e-2) }
    configuration.teacherForcing = alpha
    let batch = try Self.batch(3, steps: 12)
    let trainer = try Trainer(configuration: configuration)
    // Biases that are not zero.
    var random = CounterRandom(seed: 1, purpose: .evaluation)
    let parameters = trainer.parameters.map { $0 + 0.1 * Float(random.normal()) }
    let (_, found) = try Trainer(configuration: configuration, parameters: parameters).step(batch, injection: .init())
    let exact = parameters.map { Double($0) }
    let fixed = try PiecewiseLinearModel.parameterLayout(configuration.model).tensors.first { $0.name == "forcing" }
    let largest = found.map(abs).max()!
    for k in exact.indices where k != fixed?.offset {
      func moved(_ h: Double) throws -> Double {
        var p = exact
        p[k] += h
        return try Self.loss(p, configuration.model, batch, alpha: Double(alpha))
      }
      let h = 1e-6
      let slope = (try moved(h) - moved(-h)) / (2 * h)
      #expect(abs(slope - Double(found[k])) < 2e-4 * Double(largest), "parameter \(k): \(found[k]), not \(slope)")
    }
  }

  @Test(
    "The number of workers changes no bit, and training goes on from a checkpoint to the same ones",
    arguments: ["shplrnn", "al-rnn"])
  func resumed(word: String) throws {
    let family = ModelFamily(rawValue: word)
    let batches = try (0..<14).map { _ in try Self.batch(5, steps: 20) }
    func trainer(_ workers: Int) throws -> Trainer {
      var configuration = Self.configuration(family, steps: 20, batch: 5)
      configuration.workers = workers
      return try Trainer(configuration: configuration)
    }
    let (one, two) = (try trainer(1), try trainer(3))
    for batch in batches.prefix(7) {
      try one.step(batch)
      try two.step(batch)
    }
    #expect(one.parameters == two.parameters)
    let resumed = try Trainer(
      resuming: Checkpoint(Safetensors(try one.checkpoint().safetensors().encoded()), name: "copy"))
    for batch in batches.dropFirst(7) {
      #expect(try one.step(batch) == resumed.step(batch))
    }
    #expect(one.parameters == resumed.parameters)
  }

  @Test("Forcing is full at first, and falls to what the Jacobians of the data ask for")
  func forcing() throws {
    let trainer = try Trainer(configuration: Self.configuration(.shallowPLRNN, steps: 20))
    let batch = try Self.batch(3, steps: 20)
    for _ in 0..<6 { try trainer.step(batch) }
    let at = try #require(
      PiecewiseLinearModel.parameterLayout(trainer.configuration.model).tensors.first { $0.name == "forcing" }
    ).offset
    let alpha = trainer.parameters[at]
    #expect(alpha < 1 && alpha > 0.99, "\(alpha)")
  }

  @Test("Training on Lorenz's attractor lowers the error on a trajectory not seen", arguments: ["shplrnn", "al-rnn"])
  func learns(word: String) throws {
    var configuration = Self.configuration(ModelFamily(rawValue: word), steps: 20, batch: 8) { $0.hidden = 40 }
    configuration.schedule.base = 1e-2
    let trainer = try Trainer(configuration: configuration)
    let untrained = try trainer.model()
    let batch = try Self.batch(8, steps: 60)
    let part = try (0..<3).map { k in
      try TrainingBatch(batch.samples.map { TrainingSample($0.window, offset: 20 * k) }, steps: 20)
    }
    for k in 0..<300 { try trainer.step(part[k % 3]) }
    let window = try #require(try Self.batch(12, steps: 60).samples.last).window
    func score(_ model: any SurrogateModel) throws -> Double {
      try RolloutScore(of: model, on: [window], steps: 3, warmUp: 20).total
    }
    let (own, before) = (try score(trainer.model()), try score(untrained))
    #expect(own < before / 3, "\(own) against \(before)")
  }

  @Test("States and settings that it cannot learn are refused in words")
  func refused() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch let error as LearningError { return error.message } catch { return "\(error)" }
      return ""
    }
    var model = Self.configuration(.almostLinearRNN) { $0.latent = 2 }.model
    #expect(message { try model.validate() }.contains("rectified of the al-rnn must be between 0 and latent"))
    model = Self.configuration(.almostLinearRNN) { ($0.latent, $0.rectified) = (2, 1) }.model
    #expect(message { try model.validate() }.contains("cannot hold the 3 numbers"))
    model.layout = StateLayout([Field("u", shape: [300])])
    #expect(message { try model.validate() }.contains("cannot learn states of u [300]"))
  }
}
