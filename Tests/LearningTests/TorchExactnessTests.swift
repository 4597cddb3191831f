import Foundation
import TestSupport
import Testing

@testable import Learning

/// One file of `tools/torch/make-exactness.py`.
struct TorchCase {
  let file: Safetensors
  let model: ModelConfiguration
  let steps: Int
  let batch: TrainingBatch
  let noise: [Float]
  private let masks: [Float]
  private let maskSets: Int

  /// Nil for a case that is not there.
  init?(family: String, steps: Int) throws {
    let environment = ProcessInfo.processInfo.environment["HOLSTREAM_TORCH_CASES"]
    let folder = environment.map { URL(filePath: $0) } ?? Places.data.appending(path: "learning")
    let file = try Safetensors(contentsOf: folder.appending(path: "torch-\(family)-\(steps).safetensors"))
    let model = try ModelConfiguration(publishedKeywords: #require(file.metadata["model_kwargs"]))
    let states = try #require(file.tensors["states"])
    let count = states.shape[0]
    let sites = try Int(#require(file.metadata["sites"]))!
    let values = try #require(states.floats)
    let rates = try #require(file.tensors["rates"]?.floats)
    let size = SurrogateState.size(sites: sites)
    self.steps = steps
    batch = try TrainingBatch(
      (0..<count).map { index in
        let window = try TrainingWindow(
          trajectory: index, start: 0, sites: sites,
          values: Array(values[(index * (steps + 1) * size)..<((index + 1) * (steps + 1) * size)]),
          rates: Array(rates[(index * steps * size)..<((index + 1) * steps * size)]))
        return TrainingSample(window)
      }, steps: steps)
    noise = try #require(file.tensors["noise"]?.floats)
    masks = try #require(file.tensors["masks"]?.floats)
    maskSets = file.tensors["masks"]!.shape[0]
    self.file = file
    self.model = model
  }

  /// All parameters under a prefix, in our order.
  func parameters(_ prefix: String) throws -> [Float] {
    try ParameterLayout(model).tensors.flatMap { tensor in
      let stored = try #require(file.tensors[prefix + tensor.name], "\(prefix + tensor.name)")
      #expect(stored.shape == tensor.shape)
      return try #require(stored.floats)
    }
  }

  func numbers(_ name: String) throws -> [Float] { try #require(file.tensors[name]?.floats, "\(name)") }

  func injection(_ step: Int) -> TrainingEngine.Injection {
    let size = masks.count / maskSets
    let set = step % maskSets
    return TrainingEngine.Injection(masks: Array(masks[(set * size)..<((set + 1) * size)]), noise: noise)
  }

  func trainer() throws -> Trainer {
    var configuration = TrainerConfiguration(
      model: model, curriculum: Curriculum(stages: [CurriculumStage(batches: 1 << 40, steps: steps, noise: 0)]))
    configuration.schedule = LearningRateSchedule(base: 1e-3, warmUp: 0)
    configuration.weightDecay = 1e-2
    return try Trainer(configuration: configuration, parameters: parameters("weights."))
  }
}

/// Agreement with PyTorch to single-precision round-off: our distance from PyTorch in double precision is compared with
/// the distance of PyTorch's own single precision from it.
struct TorchExactnessTests {
  static let cases = [("cnn", 1), ("cnn", 8), ("parc", 1), ("parc", 8)]

  private func largest(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
    zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }

  @Test("Loss terms and every gradient tensor agree with PyTorch to round-off", arguments: cases)
  func gradients(family: String, steps: Int) throws {
    let torch = try #require(try TorchCase(family: family, steps: steps))
    let (report, gradient) = try torch.trainer().step(torch.batch, injection: torch.injection(0))

    let terms = try torch.numbers("f64.terms")
    let state = report.loss.state
    #expect(largest([state.rhoDiagonal, state.rhoOffDiagonal, state.q, state.p], terms[0..<4]) < 1e-7)
    if let rates = report.loss.rates {
      #expect(largest([rates.rhoDiagonal, rates.rhoOffDiagonal, rates.q, rates.p], terms[4..<8]) < 1e-7)
    }
    #expect((report.loss.rates != nil) == (family == "parc"))

    var worst: Float = 0
    for tensor in ParameterLayout(torch.model).tensors {
      let ours = gradient[tensor.offset..<(tensor.offset + tensor.count)]
      let double = try torch.numbers("f64.gradient.\(tensor.name)")
      let single = try torch.numbers("f32.gradient.\(tensor.name)")
      let scale = double.map { abs($0) }.max() ?? 0
      let roundOff = largest(single, double)
      #expect(largest(ours, double) <= 4 * roundOff + 1e-6 * scale, "\(tensor.name)")
      #expect(scale > 0, "\(tensor.name) has a gradient")
      worst = max(worst, largest(ours, double) / scale)
    }
    print("\(family), N = \(steps): largest relative gradient error", worst)
  }

  @Test("Fifty optimizer steps end at PyTorch's losses and weights", arguments: cases)
  func optimizerSteps(family: String, steps: Int) throws {
    let torch = try #require(try TorchCase(family: family, steps: steps))
    let trainer = try torch.trainer()
    var losses: [Float] = []
    for step in 0..<50 {
      losses.append(try trainer.step(torch.batch, injection: torch.injection(step)).report.loss.total)
    }
    let double = try torch.numbers("f64.losses")
    let single = try torch.numbers("f32.losses")
    #expect(double[49] < double[0])
    #expect(largest(losses, double) <= 4 * largest(single, double) + 1e-6 * double[0])
    let trained = try torch.parameters("f64.trained.")
    let theirs = try torch.parameters("f32.trained.")
    print(
      "\(family), N = \(steps), after 50 steps: loss", largest(losses, double), "PyTorch f32", largest(single, double),
      "weights", largest(trainer.parameters, trained), "PyTorch f32", largest(theirs, trained))
    #expect(largest(trainer.parameters, trained) <= 4 * largest(theirs, trained) + 2e-6)
  }

  @Test("States and derivatives of the unrolled model agree with PyTorch", arguments: ["cnn", "parc"])
  func forward(family: String) throws {
    // Dropout off would be another case; N = 1 with the masks is checked through the loss, this one without masks
    // against a second way through the program: the predictor against the trainer's first loss.
    let torch = try #require(try TorchCase(family: family, steps: 1))
    var model = torch.model
    model.dropout = 0
    var configuration = TrainerConfiguration(
      model: model, curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)]))
    configuration.loss.derivativeCoefficient = 0
    let parameters = try torch.parameters("weights.")
    let trainer = try Trainer(configuration: configuration, parameters: parameters)
    let loss = try trainer.loss(of: torch.batch, asStep: 0)
    let predictor = try NetworkModel(configuration: model, parameters: parameters).networkPredictor(sites: 6)
    var sum: Float = 0
    for sample in torch.batch.samples {
      var state = sample.window.state(0)
      predictor.advance(&state)
      sum += zip(state.q, sample.window.state(1).q).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
    }
    #expect(abs((sum / Float(torch.batch.samples.count * 6)).squareRoot() - loss.state.q) < 1e-6)
  }
}
