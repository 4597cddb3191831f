import Foundation
import Settings
import Tensors
import TestSupport
import Testing
import Trajectories

@testable import Learning

struct GraphNetworkTests {
  private func configuration(
    _ layout: StateLayout, activation: PerceptronSettings.Activation = .gelu, zero: Bool = false
  )
    -> TrainerConfiguration
  {
    let scales = FieldScales(
      layout.fields.reduce(into: [:]) { $0[$1.name] = FieldScale(state: 0.5, tendency: 1, increment: 0.2) })
    let settings = GraphSettings(widths: [6, 5], activation: activation, zeroInitialisedOutput: zero)
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(family: .gnn, settings: settings.attributes, scales: scales, layout: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 200, steps: 2, noise: 0)]))
    configuration.schedule = LearningRateSchedule(base: 3e-3, warmUp: 2)
    return configuration
  }

  @Test("The gradient of a graph network is the slope of the loss", arguments: GridNetworkTests.layouts)
  func slope(layout: StateLayout) throws {
    try Slope.check(
      configuration(layout, activation: .tanh), GridNetworkTests.batch(layout, count: 9), distance: 1e-3,
      tolerance: 2e-3)
  }

  @Test("A graph network learns diffusion from persistence")
  func learns() throws {
    let layout = StateLayout([Field("u", shape: [5, 4])], domain: .square(5, 4))
    func next(_ u: ArraySlice<Float>) -> [Float] {
      let u = Array(u)
      return (0..<20).map { site in
        let (y, x) = (site / 4, site % 4)
        let around = u[y * 4 + (x + 1) % 4] + u[y * 4 + (x + 3) % 4] + u[(y + 1) % 5 * 4 + x] + u[(y + 4) % 5 * 4 + x]
        return u[site] + 0.3 * (around / 4 - u[site])
      }
    }
    let batch = try TrainingBatch(
      (0..<6).map { trajectory in
        var random = CounterRandom(seed: 4, purpose: .evaluation, trajectory: UInt64(trajectory))
        var values = (0..<20).map { _ in Float(random.uniform() - 0.5) }
        for _ in 0..<2 { values += next(values.suffix(20)) }
        return TrainingSample(
          try TrainingWindow(trajectory: trajectory, start: 0, layout: layout, values: values, tendencies: nil))
      }, steps: 2)
    let trainer = try Trainer(configuration: configuration(layout, zero: true))
    let first = try trainer.step(batch).loss.total
    for _ in 0..<190 { try trainer.step(batch) }
    #expect(try trainer.step(batch).loss.total < 0.5 * first)
  }

  @Test("Translations and the point group of the square are kept by construction")
  func symmetries() throws {
    let layout = StateLayout([Field("Q", shape: [4, 4]), Field("P", shape: [4, 4])], domain: .square(4, 4))
    let model = try Trainer(configuration: configuration(layout)).model()
    let state = try GridNetworkTests.batch(layout).samples[0].window.state(0)
    func source(_ map: (Int, Int) -> (Int, Int)) -> [Int] {
      let one = (0..<16).map { site in
        let (y, x) = map(site / 4, site % 4)
        return y * 4 + x
      }
      return one + one.map { $0 + 16 }
    }
    for symmetry in [
      Permutation("shift", source: source { ($0, ($1 + 1) % 4) }),
      Permutation("turn", source: source { ($1, (4 - $0) % 4) }),
      Permutation("mirror", source: source { ($0, (4 - $1) % 4) }),
    ] {
      let one = try model.predictor(for: layout).rollout(from: symmetry(state), steps: 2).last!
      let other = symmetry(try model.predictor(for: layout).rollout(from: state, steps: 2).last!)
      #expect(zip(one.values, other.values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(symmetry.name)")
    }
  }

  @Test(
    "Outputs, loss and gradients of the published direct network are PyTorch's",
    .enabled(if: Places.golden("gnn2d_tiny") != nil))
  func golden() throws {
    let folder = try #require(Places.golden("gnn2d_tiny"))
    func array(_ name: String) throws -> NumPyArray {
      try NumPyArray(contentsOf: folder.appending(path: "\(name).npy"))
    }
    let layout = GraphNetwork.layout([1, 6, 8, 1])
    var parameters = [Float](repeating: 0, count: layout.count)
    /// The golden array of each tensor, its weights turned to (inputs, outputs).
    func golden(_ prefix: String, _ index: Int) throws -> [Double] {
      let tensor = layout.tensors[index]
      let values = try array("\(prefix).\(["Ws", "Wn", "b"][index % 3]).\(index / 3)").values
      guard tensor.shape.count == 2 else { return values }
      let (inputs, outputs) = (tensor.shape[0], tensor.shape[1])
      return (0..<inputs * outputs).map { values[$0 % outputs * inputs + $0 / outputs] }
    }
    for (index, tensor) in layout.tensors.enumerated() {
      for (k, value) in try golden("gcn", index).enumerated() { parameters[tensor.offset + k] = Float(value) }
    }
    var tape = Tape()
    let (q, target) = (tape.input([2, 6, 6, 1]), tape.input([2, 6, 6, 1], needsGradient: false))
    let output = GraphNetwork(activation: .relu, tensors: layout.tensors).record(q, masks: nil, on: &tape)
    let difference = tape.subtract(output, target)
    let loss = tape.mean(tape.multiply(difference, difference))
    let replay = TapeReplay(tape)
    _ = replay.values(of: q).update(from: try array("Q").values.map(Float.init))
    _ = replay.values(of: target).update(from: try array("F_ref").values.map(Float.init))
    var gradient = [Float](repeating: 0, count: parameters.count)
    replay.forward(parameters: parameters)
    replay.backward(from: loss, parameters: parameters, gradients: &gradient)
    func expectSame(_ found: some Collection<Float>, _ expected: [Double], _ what: String) {
      let scale = max(1e-3, expected.map(abs).max() ?? 0)
      let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(found.count == expected.count && worst < 1e-5 * scale, "\(what): \(worst) of \(scale)")
    }
    expectSame(Array(replay.values(of: output)), try array("gcn_out").values, "output")
    expectSame([replay.values(of: loss)[0]], try array("gcn_loss").values, "loss")
    for (index, tensor) in layout.tensors.enumerated() {
      expectSame(
        gradient[tensor.offset..<(tensor.offset + tensor.count)], try golden("gcn_grad", index), tensor.name)
    }
  }

  @Test("Widths that cannot be are refused in words")
  func refusals() throws {
    for text in ["", "0", "32-", "a-b", "5000", String(repeating: "4-", count: 70) + "4"] {
      let diagnostics = ConfigurationDiagnostics()
      _ = GraphSettings(try ConfigurationSection(["widths=\(text)"], diagnostics: diagnostics))
      #expect(diagnostics.problems.contains { $0.message.contains("whole numbers") }, "\(text)")
    }
    let diagnostics = ConfigurationDiagnostics()
    let settings = GraphSettings(try ConfigurationSection(["widths=16-32-16"], diagnostics: diagnostics))
    #expect(settings.widths == [16, 32, 16] && diagnostics.problems.isEmpty)
    var bad = configuration(StateLayout([Field("x", shape: [8])], domain: .ring(8))).model
    bad.constraint = .flux
    #expect(throws: LearningError.self) { try GraphNetworkModel.parameterLayout(bad) }
    bad = configuration(StateLayout([Field("x", shape: [8])])).model
    #expect(throws: LearningError.self) { try GraphNetworkModel.parameterLayout(bad) }
  }
}
