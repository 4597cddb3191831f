import Tensors
import Testing
import Trajectories

@testable import Learning

/// The published network recorded on the tape: what the fused engine is held to, and the other way round.
struct TapeOracleTests {
  /// For each number of the tape's parameters, where it lies among the published ones: convolutions are (outputs,
  /// inputs, taps) there and (taps, inputs, outputs) here.
  private static func places(_ settings: ResidualSettings, _ configuration: ModelConfiguration) throws -> [Int] {
    let ours = GridNetwork.layout(settings, planes: 4, rank: 2).tensors
    let published = try NetworkModel.parameterLayout(configuration).tensors
    return zip(ours, published).flatMap { own, other in
      guard other.shape.count == 4 else { return Array(other.offset..<(other.offset + other.count)) }
      let (outputs, inputs, taps) = (other.shape[0], other.shape[1], other.shape[2] * other.shape[3])
      return (0..<own.count).map { k in
        let (tap, input, output) = (k / (inputs * outputs), k / outputs % inputs, k % outputs)
        return other.offset + (output * inputs + input) * taps + tap
      }
    }
  }

  @Test(
    "Loss and every gradient of the published network are those of the tape", arguments: [6, 8, 16], [1, 3])
  func fused(sites: Int, steps: Int) throws {
    let settings = ResidualSettings(channels: 7, blocks: 2, dropout: 0.2, zeroInitialisedOutput: false)
    let layout = Fixtures.layout(sites: sites)
    let configuration = ModelConfiguration(
      family: .cnn, settings: settings.attributes, scales: Fixtures.scales, layout: layout)
    var options = TrainingOptions()
    options.teacherForcing = 0.25
    options.loss.stepCoefficient = 0.9
    options.seed = 3
    let parameters = try NetworkModel.initialParameters(configuration, seed: 8).map { $0 + 0.01 }
    let places = try Self.places(settings, configuration)
    let tape = TapeBackend(parameters: places.map { parameters[$0] }, options) { layout in
      TapeStep(
        try #require(.densityMatrix(layout)), scales: configuration.scales,
        network: GridNetwork(
          settings: settings, tensors: GridNetwork.layout(settings, planes: 4, rank: 2).tensors))
    }
    let fused = try NetworkModel(configuration: configuration, parameters: parameters).backend(options)
    let batch = try Fixtures.batch(count: 9, sites: sites, steps: steps)
    let (a, b) = (
      try tape.gradient(of: batch, step: 2, noise: 0.01, injection: nil),
      try fused.gradient(of: batch, step: 2, noise: 0.01, injection: nil)
    )
    for (own, other) in zip(a.terms.state, b.terms.state) {
      #expect(own.name == other.name)
      #expect(abs(own.value - other.value) < 1e-5 * other.value)
    }
    let norm = b.squaredNorm.squareRoot()
    #expect(abs(a.squaredNorm.squareRoot() - norm) < 1e-5 * norm)
    let expected = fused.gradient
    let largest = expected.map(abs).max()!
    let found = tape.gradient
    #expect(found.count == expected.count)
    for (k, value) in zip(places, found) { #expect(abs(value - expected[k]) < 1e-5 * largest) }
    // After one update, too.
    let step = AdamW(
      clip: 1, rate: 1e-2, beta1: 0.9, beta2: 0.999, correction1: 0.1, correction2: 0.001, epsilon: 1e-3, decay: 1e-2)
    tape.update(step)
    fused.update(step)
    let moved = fused.read().parameters
    for (k, value) in zip(places, tape.read().parameters) { #expect(abs(value - moved[k]) < 1e-5) }
    let (c, d) = (
      try tape.gradient(of: batch, step: 3, noise: 0.01, injection: nil),
      try fused.gradient(of: batch, step: 3, noise: 0.01, injection: nil)
    )
    #expect(abs(c.terms.total - d.terms.total) < 1e-5 * d.terms.total)
  }
}
