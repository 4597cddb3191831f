import Foundation
import Learning
import Tensors
import Trajectories

/// A learner of the board: its settings, chosen on the last fifth of the points where there is a choice.
struct BoardLearner: Sendable {
  let name: String
  /// In the order in which they are tried.
  let candidates: [Candidate]

  struct Candidate: Sendable {
    let words: String
    let family: ModelFamily
    let settings: [String: Attribute]
    var learns = LearningTarget.state
    /// Batches of 32 sequences of so many steps; of families that are fitted in closed form none.
    var batches = 0
    var steps = 1
    var rate: Float = 3e-3
    var teacherForcing: Float = 0
  }

  static let all: [BoardLearner] = [
    .init(name: "persistence", candidates: []),
    .init(
      name: "linear",
      candidates: [1, 2, 4, 8].flatMap { taps in
        [1e-8, 1e-4].map { nvar(order: 1, taps: taps, ridge: $0) }
      }),
    .init(
      name: "nvar",
      candidates: (1...4).flatMap { order in
        [1, 2].flatMap { taps in [1e-10, 1e-7, 1e-4, 1e-1].map { nvar(order: order, taps: taps, ridge: $0) } }
      }),
    .init(
      name: "echo-state",
      candidates: [0.4, 0.9].flatMap { radius in
        [0.1, 1.0].flatMap { drive in
          [1e-8, 1e-4].map { ridge in
            var settings = EchoStateSettings()
            (settings.spectralRadius, settings.drive, settings.ridge) = (radius, drive, ridge)
            return Candidate(
              words: "radius \(radius), drive \(drive), ridge \(ridge)", family: .echoState,
              settings: settings.attributes)
          }
        }
      }),
    // Those that are trained have two budgets: a short one, cheap enough for all systems, and a long one.
    perceptron("neural-ode", .neuralODE, .tendency, batches: 300),
    perceptron("mlp", .mlp, .state, batches: 1000),
    recurrent("shplrnn", .shallowPLRNN, batches: 1000),
    recurrent("al-rnn", .almostLinearRNN, batches: 1000),
    perceptron("neural-ode-long", .neuralODE, .tendency, batches: 1500),
    perceptron("mlp-long", .mlp, .state, batches: 1500),
    recurrent("shplrnn-long", .shallowPLRNN, batches: 3000),
    recurrent("al-rnn-long", .almostLinearRNN, batches: 3000),
  ]

  private static func perceptron(
    _ name: String, _ family: ModelFamily, _ learns: LearningTarget, batches: Int
  ) -> BoardLearner {
    BoardLearner(
      name: name,
      candidates: [
        Candidate(
          words: "128×3, 8 steps, \(batches) batches", family: family, settings: PerceptronSettings().attributes,
          learns: learns, batches: batches, steps: 8)
      ])
  }

  private static func recurrent(_ name: String, _ family: ModelFamily, batches: Int) -> BoardLearner {
    var settings = PiecewiseLinearSettings(family == .shallowPLRNN ? .shallowPLRNN : .almostLinearRNN)
    settings.hidden = 50
    settings.rectified = 4
    let words = family == .shallowPLRNN ? "50 hidden" : "20 units, 4 rectified"
    return BoardLearner(
      name: name,
      candidates: [
        Candidate(
          words: "\(words), \(batches) batches", family: family, settings: settings.attributes, batches: batches,
          steps: 200, rate: 1e-3)
      ])
  }

  private static func nvar(order: Int, taps: Int, ridge: Double) -> Candidate {
    Candidate(
      words: "order \(order), \(taps) taps, ridge \(ridge)", family: .nvar,
      settings: VectorAutoregressionSettings(order: order, taps: taps, ridge: ridge).attributes)
  }
}

/// A learner that has learnt: a model, or none for persistence.
struct Fitted {
  let model: (any TrainableModel)?
  let words: String
  let seconds: Double

  /// The points after the last of `points`: (steps, numbers).
  func forecast(_ points: [[Float]], _ layout: StateLayout, steps: Int) throws -> [[Float]] {
    guard let model else { return Array(repeating: points.last!, count: steps) }
    let predictor = try model.predictor(for: layout)
    for point in points.suffix(model.memory + 1).dropLast() { predictor.observe(State(layout, point)) }
    var state = State(layout, points.last!)
    return (0..<steps).map { _ in
      predictor.advance(&state)
      return state.values
    }
  }
}

extension BoardLearner.Candidate {
  /// - Throws: `LearningError` for what cannot be learnt from these points.
  func fit(_ points: [[Float]], _ layout: StateLayout, interval: Double, seed: UInt64) throws -> any TrainableModel {
    let window = try TrainingWindow(
      trajectory: 0, start: 0, layout: layout, values: points.flatMap(\.self), tendencies: nil)
    var scales = FieldScalesFold()
    scales.add(window)
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(
        family: family, settings: settings, scales: scales.result, learns: learns,
        interval: learns == .tendency ? interval : nil, layout: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: max(batches, 1), steps: steps, noise: 0)]))
    configuration.workers = 1
    configuration.seed = seed
    configuration.batchSize = steps > 50 ? 16 : 32
    configuration.teacherForcing = teacherForcing
    configuration.schedule = LearningRateSchedule(base: rate, warmUp: 100)
    let trainer = try Trainer(configuration: configuration)
    guard batches > 0 else {
      _ = try trainer.step(TrainingBatch([TrainingSample(window)], steps: window.steps))
      return try trainer.model()
    }
    var random = CounterRandom(seed: seed, purpose: .sampler, trajectory: 0)
    for _ in 0..<batches {
      let samples = (0..<configuration.batchSize).map { _ in
        TrainingSample(window, offset: Int(random.uniform() * Double(window.steps - steps)))
      }
      _ = try trainer.step(TrainingBatch(samples, steps: steps))
    }
    return try trainer.model()
  }
}
