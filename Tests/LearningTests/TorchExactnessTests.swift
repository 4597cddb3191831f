import Foundation
import TestSupport
import Testing
import Trajectories

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

  init(family: String, sites: Int, steps: Int) throws {
    let environment = ProcessInfo.processInfo.environment["HOLSTREAM_TORCH_CASES"]
    let folder = environment.map { URL(filePath: $0) } ?? Places.data.appending(path: "learning")
    let file = try Safetensors(contentsOf: folder.appending(path: "torch-\(family)-L\(sites)-N\(steps).safetensors"))
    let model = try ModelConfiguration(publishedKeywords: #require(file.metadata["model_kwargs"]))
    let states = try #require(file.tensors["states"])
    let count = states.shape[0]
    let values = try #require(states.floats)
    let rates = try #require(file.tensors["rates"]?.floats)
    let size = Fixtures.layout(sites: sites).count
    self.steps = steps
    batch = try TrainingBatch(
      (0..<count).map { index in
        let window = try TrainingWindow(
          trajectory: index, start: 0, layout: Fixtures.layout(sites: sites),
          values: Array(values[(index * (steps + 1) * size)..<((index + 1) * (steps + 1) * size)]),
          tendencies: Array(rates[(index * steps * size)..<((index + 1) * steps * size)]))
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
    try NetworkModel.parameterLayout(model).tensors.flatMap { tensor in
      let stored = try #require(file.tensors[prefix + tensor.name], "\(prefix + tensor.name)")
      #expect(stored.shape == tensor.shape)
      return try #require(stored.floats)
    }
  }

  func numbers(_ name: String) throws -> [Float] { try #require(file.tensors[name]?.floats, "\(name)") }

  func injection(_ step: Int) -> TrainingInjection {
    let size = masks.count / maskSets
    let set = step % maskSets
    return TrainingInjection(masks: Array(masks[(set * size)..<((set + 1) * size)]), noise: noise)
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
  static let cases = [
    ("cnn", 6, 1), ("cnn", 6, 8), ("parc", 6, 1), ("parc", 6, 8), ("cnn", 16, 8), ("parc", 16, 1), ("parc", 16, 4),
  ]

  /// How many times PyTorch's own rounding error is allowed. Winograd's algorithm, which lattices of a multiple of 16
  /// sites go through, rounds more than the direct sum.
  private func factor(_ sites: Int) -> Float { sites % 16 == 0 ? 16 : 4 }

  private func largest(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
    zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }

  @Test("Loss terms and every gradient tensor agree with PyTorch to round-off", arguments: cases)
  func gradients(family: String, sites: Int, steps: Int) throws {
    let torch = try TorchCase(family: family, sites: sites, steps: steps)
    let (report, gradient) = try torch.trainer().step(torch.batch, injection: torch.injection(0))

    let terms = try torch.numbers("f64.terms")
    #expect(report.loss.state.map(\.name) == ["rho diagonal", "rho rest", "Q", "P"])
    #expect(largest(report.loss.state.map(\.value), terms[0..<4]) < 1e-7)
    if let tendency = report.loss.tendency {
      #expect(largest(tendency.map(\.value), terms[4..<8]) < 1e-7)
    }
    #expect((report.loss.tendency != nil) == (family == "parc"))

    var worst: Float = 0
    var worstOfTorch: Float = 0
    for tensor in try NetworkModel.parameterLayout(torch.model).tensors {
      let ours = gradient[tensor.offset..<(tensor.offset + tensor.count)]
      let double = try torch.numbers("f64.gradient.\(tensor.name)")
      let single = try torch.numbers("f32.gradient.\(tensor.name)")
      let scale = double.map { abs($0) }.max() ?? 0
      let roundOff = largest(single, double)
      #expect(largest(ours, double) <= factor(sites) * roundOff + 1e-6 * scale, "\(tensor.name)")
      #expect(scale > 0, "\(tensor.name) has a gradient")
      worst = max(worst, largest(ours, double) / scale)
      worstOfTorch = max(worstOfTorch, roundOff / scale)
    }
    print("\(family), L = \(sites), N = \(steps): largest relative gradient error", worst, "PyTorch f32", worstOfTorch)
  }

  @Test("Fifty optimizer steps end at PyTorch's losses and weights", arguments: cases)
  func optimizerSteps(family: String, sites: Int, steps: Int) throws {
    let torch = try TorchCase(family: family, sites: sites, steps: steps)
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
      "\(family), L = \(sites), N = \(steps), after 50 steps: loss", largest(losses, double), "PyTorch f32",
      largest(single, double),
      "weights", largest(trainer.parameters, trained), "PyTorch f32", largest(theirs, trained))
    #expect(largest(trainer.parameters, trained) <= 4 * largest(theirs, trained) + 2e-6)
  }

  @Test("Two steps of a rollout agree with PyTorch to round-off", arguments: cases)
  func rollout(family: String, sites: Int, steps: Int) throws {
    let torch = try TorchCase(family: family, sites: sites, steps: steps)
    let predictor = try NetworkModel(configuration: torch.model, parameters: torch.parameters("weights."))
      .predictor(for: Fixtures.layout(sites: sites))
    let (double, single) = (try torch.numbers("f64.rollout"), try torch.numbers("f32.rollout"))
    var ours: [Float] = []
    for (index, sample) in torch.batch.samples.enumerated() {
      var state = sample.window.state(0)
      let size = state.values.count
      for k in 0..<size { state.values[k] += torch.noise[index * size + k] }
      for _ in 0..<2 {
        predictor.advance(&state)
        ours += state.values
      }
    }
    #expect(ours.count == double.count)
    #expect(largest(ours, double) <= factor(sites) * largest(single, double) + 1e-7)
  }

  @Test(
    "A checkpoint loads in PyTorch under the published names and predicts the same",
    // `tools/compare-with-torch` runs it.
    .enabled(if: ProcessInfo.processInfo.environment["HOLSTREAM_TORCH_PYTHON"] != nil), arguments: ["cnn", "parc"])
  func checkpointInTorch(family: String) async throws {
    let python = try #require(ProcessInfo.processInfo.environment["HOLSTREAM_TORCH_PYTHON"])
    try await withTemporaryDirectory { folder in
      let configuration = Fixtures.configuration(ModelFamily(rawValue: family))
      let trainer = try Trainer(configuration: configuration)
      try trainer.step(Fixtures.batch())
      try trainer.checkpoint().write(to: folder.appending(path: "checkpoint"))
      var state = try Fixtures.window().state(0)
      try Safetensors(tensors: ["state": .init(state.values, shape: [1, state.values.count])])
        .write(to: folder.appending(path: "state"))
      let script = Places.package.appending(path: "tools/torch/load-checkpoint.py")
      let (status, output) = try run(
        URL(filePath: python), [script.path] + ["checkpoint", "state", "out"].map { folder.appending(path: $0).path })
      #expect(status == 0, "\(output)")
      let theirs = try #require(
        try Safetensors(contentsOf: folder.appending(path: "out")).tensors["state"]?.floats)
      try trainer.model().predictor(for: Fixtures.layout(sites: 6)).advance(&state)
      #expect(largest(state.values, theirs) < 1e-6)
    }
  }
}
